import { Injectable } from '@nestjs/common';
import type { Caller, UserId } from '../../platform/access/caller.js';

/** The subject of a token. */
export interface Bearer {
  readonly owner: UserId;
  /** The caller that its user becomes with this token; null if the token is no longer accepted for the user. */
  as(user: Caller): Caller | null;
}

/** A kind of token in `Authorization: Bearer` besides access tokens. The module that implements it registers it. */
export interface BearerKind {
  /** The prefix of its tokens. Without one, it gets every token that no other kind accepts. */
  readonly prefix?: string;
  /** Without a promise if it is cached; null for an invalid token. */
  resolve(token: string): Bearer | null | Promise<Bearer | null>;
  /** The current subject of an API key; null if it has been deleted or has expired. */
  again?(apiKey: string): Promise<Bearer | null>;
  /** The user of a valid token, if it can be determined without a query. */
  subjectOf(token: string): string | undefined;
}

@Injectable()
export class BearerKinds {
  private readonly kinds: BearerKind[] = [];

  register(kind: BearerKind): void {
    this.kinds.push(kind);
  }

  /** The kind whose prefix a token has. */
  byPrefix(token: string): BearerKind | undefined {
    return this.kinds.find(({ prefix }) => prefix !== undefined && token.startsWith(prefix));
  }

  /** The current subject of an API key; null if it has been deleted or has expired. */
  async again(apiKey: string): Promise<Bearer | null> {
    return (await this.kinds.find(({ again }) => again)?.again?.(apiKey)) ?? null;
  }

  /** The kind that accepts tokens of other issuers. */
  get other(): BearerKind | undefined {
    return this.kinds.find(({ prefix }) => prefix === undefined);
  }
}
