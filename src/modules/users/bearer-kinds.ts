import { Injectable } from '@nestjs/common';
import type { Caller, UserId } from '../../platform/access/caller.js';

/** Whom a token stands for. */
export interface Bearer {
  readonly owner: UserId;
  /** The caller that its user is with this token; null where the user takes it no more. */
  as(user: Caller): Caller | null;
}

/** One kind of token in `Authorization: Bearer` beside access tokens. A module that brings one registers it. */
export interface BearerKind {
  /** What its tokens begin with. Without one it is asked for every token that no other kind takes. */
  readonly prefix?: string;
  /** Without a promise where it is known already; null for a token that is not valid. */
  resolve(token: string): Bearer | null | Promise<Bearer | null>;
  /** Of an API key: whom it stands for now; null for one that has ended. */
  again?(apiKey: string): Promise<Bearer | null>;
  /** Whom a valid token names, as far as that is known without asking anybody. */
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

  /** Whom an API key stands for now; null for one that has ended. */
  async again(apiKey: string): Promise<Bearer | null> {
    return (await this.kinds.find(({ again }) => again)?.again?.(apiKey)) ?? null;
  }

  /** The kind that takes tokens of others. */
  get other(): BearerKind | undefined {
    return this.kinds.find(({ prefix }) => prefix === undefined);
  }
}
