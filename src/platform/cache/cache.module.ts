import { Global, Module, type OnModuleInit } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { MongooseModule } from '@nestjs/mongoose';
import { Transfers } from '../database/transfers.js';
import { DeclarationError } from '../errors/start-error.js';
import { CacheStamp, CacheStampSchema } from './cache-stamp.schema.js';
import { Caches, ruledMethods } from './caches.js';
import { CacheVersions } from './cache-versions.js';
import { CacheStores } from './cache-stores.js';

/** Caches the results of methods with `@Cache`, in memory and in Redis where there is one. */
@Global()
@Module({
  imports: [MongooseModule.forFeature([{ name: CacheStamp.name, schema: CacheStampSchema }])],
  providers: [Caches, CacheVersions, CacheStores],
  exports: [Caches],
})
export class CacheModule implements OnModuleInit {
  constructor(
    private readonly caches: Caches,
    private readonly modules: ModulesContainer,
    transfers: Transfers,
  ) {
    transfers.during(async ({ from, to }, transaction) => {
      for (const owner of [from, to.owner.id].toSorted()) await this.caches.evictAllOf(owner, transaction);
    });
  }

  /**
   * Puts the cache before the methods of all providers that ask for it. Nest initialises global modules first.
   * @throws DeclarationError for a provider that is made anew for each request
   */
  onModuleInit(): void {
    const wrappers = [...this.modules.values()].flatMap(({ providers }) => [...providers.values()]);
    for (const wrapper of wrappers) {
      const { metatype, name } = wrapper;
      const isOne = wrapper.isDependencyTreeStatic() && !wrapper.isTransient;
      if (!isOne && metatype && ruledMethods(metatype).length > 0) {
        throw new DeclarationError(`${String(name)} has @Cache or @CacheEvict and is made more than once`);
      }
      const instance: unknown = isOne ? wrapper.instance : undefined;
      if (typeof instance === 'object' && instance !== null) this.caches.bind(instance);
    }
  }
}
