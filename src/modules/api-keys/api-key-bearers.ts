import { Injectable } from '@nestjs/common';
import type { Permission } from '../../platform/access/caller.js';
import { PRODUCT } from '../../product/product.js';
import { type Bearer, type BearerKind, BearerKinds } from '../users/bearer-kinds.js';
import { ApiKeysService, type KeyHolder } from './api-keys.service.js';

/** They are for records of others. */
const NONE: ReadonlySet<Permission> = new Set();

/** Programs that show an API key act as its user, as far as the key goes. */
@Injectable()
export class ApiKeyBearers implements BearerKind {
  readonly prefix = PRODUCT.apiKeyPrefix;

  constructor(
    private readonly keys: ApiKeysService,
    kinds: BearerKinds,
  ) {
    kinds.register(this);
  }

  subjectOf(token: string): string | undefined {
    return this.keys.subjectOf(token);
  }

  async again(id: string): Promise<Bearer | null> {
    return bearerOf(await this.keys.holder(id));
  }

  resolve(key: string): Bearer | null | Promise<Bearer | null> {
    const holder = this.keys.resolve(key);
    return holder instanceof Promise ? holder.then(bearerOf) : bearerOf(holder);
  }
}

function bearerOf(holder: KeyHolder | null): Bearer | null {
  if (!holder) return null;
  const { owner, organization, id: apiKey, readOnly, permissionsOf } = holder;
  if (organization === undefined) {
    return { owner, as: (user) => ({ ...user, apiKey, readOnly, permissions: permissionsOf(user) }) };
  }
  return { owner, as: (user) => ({ ...user, apiKey, organization, readOnly, permissions: NONE }) };
}
