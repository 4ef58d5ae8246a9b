import { randomBytes } from 'node:crypto';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import type { Types } from 'mongoose';
import { DeclarationError } from '../errors/start-error.js';
import type { Transaction } from '../database/transactions.js';
import { invalid } from '../errors/errors.js';
import { routeConfig } from '../http/route-config.js';
import type { IdempotencyKeys, KeyedRequest } from './idempotency-keys.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The handler creates a record, once for each Idempotency-Key. */
    createsOnce?: boolean;
    /** It takes a form, and uses `about` to say when two of them are the same request. */
    formDigest?: boolean;
  }
  interface FastifyRequest {
    once?: Once;
  }
}

/** Any text without spaces and control characters, such as a UUID. */
const FORM = /^[\x21-\x7e]{1,255}$/;

/** Creates a record once, however often a client sends the same request with the same Idempotency-Key. */
export class Once {
  private random: string | undefined;

  constructor(
    private readonly keys: IdempotencyKeys,
    private readonly request: KeyedRequest | undefined,
    /** Is told of a replay; undefined for a part, of which the answer is not the whole. */
    private readonly reply: FastifyReply | undefined,
  ) {}

  /**
   * A value that only this client can repeat: its key, or random if it sent none. Used to derive secrets that are not
   * stored but must be the same when the request is repeated.
   */
  get seed(): string {
    return this.request?.key ?? (this.random ??= randomBytes(32).toString('base64url'));
  }

  /** For a form: sets what identifies the request, once its files are read. */
  about(body: object): Once {
    return new Once(this.keys, this.request && { ...this.request, body }, this.reply);
  }

  /** A part of the request that is done only once, with a derived key that no client can send. */
  part(name: string, body: unknown): Once {
    const { request } = this;
    return new Once(this.keys, request && { ...request, key: `${request.key} ${name}`, body }, undefined);
  }

  /**
   * Does work once whose result is not a single record: the result is stored as JSON, and replayed unchanged.
   * @throws ApiError IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_IN_PROGRESS; what `act` throws
   */
  async keep<T>(act: (transaction?: Transaction) => Promise<T>): Promise<T> {
    if (!this.request) return act();
    const { outcome, isReplayed } = await this.keys.keep(this.request, act);
    if (isReplayed) this.reply?.header('idempotency-replayed', 'true');
    return outcome;
  }

  /** The result that `keep` stored for an earlier request; undefined if there was none. */
  async kept<T>(): Promise<T | undefined> {
    const kept = this.request && (await this.keys.kept<T>(this.request));
    if (kept) this.reply?.header('idempotency-replayed', 'true');
    return kept?.outcome;
  }

  /**
   * @param create writes the record and everything that belongs to it, in the transaction if there is one
   * @param again reads the current state of the record that an earlier request with this key created
   * @throws ApiError IDEMPOTENCY_KEY_REUSED, IDEMPOTENCY_IN_PROGRESS; what `create` and `again` throw
   */
  async run<T extends { readonly _id: Types.ObjectId }>(
    create: (transaction?: Transaction) => Promise<T>,
    again: (id: string) => Promise<T>,
  ): Promise<T> {
    if (!this.request) return create();
    const outcome = await this.keys.once(this.request, create);
    if ('created' in outcome) return outcome.created;
    const record = await again(outcome.replayed);
    this.reply?.header('idempotency-replayed', 'true');
    return record;
  }
}

const describeKey: ParameterDecorator = (target, property) => {
  const handler = property === undefined ? undefined : Object.getOwnPropertyDescriptor(target, property);
  if (!handler || property === undefined) return;
  routeConfig({ createsOnce: true })(target, property, handler);
  ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description:
      'A unique value, such as a UUID. Repeating the request with it and the same body, in any order and spacing, within 24 hours creates nothing new: the response has the record that the first request created, and `Idempotency-Replayed: true`.',
    schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[!-~]+$' },
  })(target, property, handler);
};

/** The parameter of a handler that creates once. Every route that answers 201 has it. */
export const CreateOnce = createParamDecorator(
  (_: unknown, context: ExecutionContext): Once => {
    const { once } = context.switchToHttp().getRequest<FastifyRequest>();
    if (!once) throw new Error('The route does not create once');
    return once;
  },
  [describeKey],
);

/** @throws ApiError VALIDATION_ERROR for a header that is not a valid key */
function keyedRequest(request: FastifyRequest): KeyedRequest | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key !== 'string' || !FORM.test(key)) {
    throw invalid([{ path: 'idempotency-key', message: 'must be 1 to 255 visible ASCII characters' }]);
  }
  const { input, formDigest } = request.routeOptions.config;
  if (input?.form && !formDigest) {
    // The files are not read yet, and forms with different files are not the same request.
    throw invalid([{ path: 'idempotency-key', message: 'cannot be used with a form' }]);
  }
  const { method, routeOptions, sentBody, rawBody, caller, scope, params, query } = request;
  const owner = scope?.owner;
  const route = routeOptions.url ?? '';
  return {
    key,
    caller: caller?.id,
    organization: owner?.kind === 'organization' ? owner.id : undefined,
    method,
    route,
    params,
    query,
    // An unparsed body is compared as sent.
    body: sentBody ? sentBody.value : rawBody?.toString('base64'),
    bytes: sentBody?.bytes ?? Buffer.alloc(0),
  };
}

/** Provides `Once` to every route that creates. One that answers 201 without it stops startup. */
export function installIdempotency(fastify: FastifyInstance, keys: IdempotencyKeys): void {
  fastify.decorateRequest('once', undefined);
  fastify.addHook('onRoute', (route: RouteOptions) => {
    const { createsOnce, answer } = route.config ?? {};
    if (!createsOnce) {
      if (answer?.status !== 201) return;
      throw new DeclarationError(
        `${String(route.method)} ${route.url} creates without @CreateOnce(): write it above the handler`,
      );
    }
    const give = (request: FastifyRequest, reply: FastifyReply, done: () => void): void => {
      request.once = new Once(keys, keyedRequest(request), reply);
      done();
    };
    route.preHandler = [route.preHandler ?? [], give].flat();
  });
}
