import { Global, Module } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import { MongooseModule } from '@nestjs/mongoose';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DeclarationError } from '../errors/start-error.js';
import { CacheStamp, CacheStampSchema } from './cache-stamp.schema.js';
import { Caches, ruledMethods } from './caches.js';
import { Stamps } from './stamps.js';
import { Tiers } from './tiers.js';

/** Keeps what methods with `@Cache` answer, until it changes: in the process, and in Redis where there is one. */
@Global()
@Module({
  imports: [MongooseModule.forFeature([{ name: CacheStamp.name, schema: CacheStampSchema }])],
  providers: [Caches, Stamps, Tiers],
  exports: [Caches],
})
export class CacheModule {}

/**
 * Puts the cache before the methods of all providers that ask for it, before any of them is called.
 * @throws DeclarationError for a provider that is made anew for each request
 */
export function installCache(app: NestFastifyApplication): void {
  const caches = app.get(Caches);
  const wrappers = [...app.get(ModulesContainer).values()].flatMap(({ providers }) => [
    ...providers.values(),
  ]);
  for (const wrapper of wrappers) {
    const { metatype, name } = wrapper;
    const isOne = wrapper.isDependencyTreeStatic() && !wrapper.isTransient;
    if (!isOne && metatype && ruledMethods(metatype).length > 0) {
      throw new DeclarationError(`${String(name)} has @Cache or @CacheEvict and is made more than once`);
    }
    const instance: unknown = isOne ? wrapper.instance : undefined;
    if (typeof instance === 'object' && instance !== null) caches.bind(instance);
  }
}
