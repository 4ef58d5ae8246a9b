import { setTimeout as sleep } from 'node:timers/promises';
import { isNativeError } from 'node:util/types';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { RedisClientType } from '@keyv/redis';
import { PinoLogger } from 'nestjs-pino';
import { TimedOut, withTimeout } from '../concurrency/timeout.js';
import { RedisConfig } from './redis.config.js';
import { PRODUCT } from '../../product/product.js';

/** How long a request waits for a command, in milliseconds. */
const COMMAND_MS = 100;
/** Timeout for connecting and for heartbeats. */
const TIMEOUT_MS = 1_000;
const HEARTBEAT_EVERY_MS = 1_000;
/** Pause before reconnecting after a failure; it doubles with each further one, up to the longest. */
const PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 4_000;
/** A connection that has lasted this long resets the pause. */
const SOUND_MS = 10_000;
/** Most commands that wait for their answers. */
const MAX_COMMANDS = 1_000;
/** Every key of the product begins so, so that a user of Redis can be held to them. */
export const KEY_PREFIX = `${PRODUCT.key}:`;

type None = Record<never, never>;
export type RedisClient = RedisClientType<None, None, None, 2, None>;

/** A working connection, and how to end it. */
interface Link {
  readonly client: RedisClient;
  readonly fail: (error: unknown) => void;
}

/**
 * The Redis of REDIS_URL, which is never required: a command answers within a tenth of a second or not at all, and
 * after a failure Redis is not used until a background heartbeat succeeds.
 */
@Injectable()
export class Redis implements OnApplicationBootstrap, OnApplicationShutdown {
  /** Absent while Redis is down. */
  private link: Link | undefined;
  private isOutageReported = false;
  private readonly end = new AbortController();

  constructor(
    private readonly config: RedisConfig,
    private readonly logger: PinoLogger,
  ) {}

  get isConfigured(): boolean {
    return this.config.redisUrl !== undefined;
  }

  /** The state as of the last heartbeat and the commands since. */
  get status(): 'ok' | 'error' | 'disabled' {
    if (!this.isConfigured) return 'disabled';
    return this.link ? 'ok' : 'error';
  }

  /**
   * Runs a command and never throws.
   * @returns undefined if Redis is not configured, is down, too slow or refuses
   */
  async run<T>(command: (client: RedisClient) => Promise<T>): Promise<T | undefined> {
    const { link } = this;
    if (!link) return undefined;
    try {
      return await withTimeout(COMMAND_MS, command(link.client));
    } catch (error) {
      // A refusal by Redis concerns only this command.
      if (error instanceof TimedOut || !link.client.isReady) this.leave(link, error);
      return undefined;
    }
  }

  /** Startup does not wait for it. */
  onApplicationBootstrap(): void {
    if (this.isConfigured) void this.follow();
  }

  onApplicationShutdown(): void {
    this.end.abort();
  }

  private async follow(): Promise<void> {
    const { signal } = this.end;
    for (let pause = PAUSE_MS; !signal.aborted; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      const started = performance.now();
      const error = await this.hold().catch((cause: unknown) => cause);
      if (signal.aborted) return;
      if (performance.now() - started > SOUND_MS) pause = PAUSE_MS;
      this.reportOutage(error);
      await sleep(pause, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  /** Connects and provides the connection until it fails. Always ends by throwing the reason. */
  private async hold(): Promise<never> {
    // Loaded on demand: it costs memory and startup time.
    const { createClient } = await import('@keyv/redis');
    const client: RedisClient = createClient({
      url: this.config.redisUrl ?? '',
      disableOfflineQueue: true,
      commandsQueueMaxLength: MAX_COMMANDS,
      maintNotifications: 'disabled',
      socket: { connectTimeout: TIMEOUT_MS, reconnectStrategy: false },
    });
    const { promise: failed, reject: fail } = Promise.withResolvers<never>();
    client.on('error', fail);
    this.end.signal.addEventListener('abort', fail, { once: true });
    try {
      return await Promise.race([failed, this.keep({ client, fail })]);
    } finally {
      this.link = undefined;
      this.end.signal.removeEventListener('abort', fail);
      if (client.isOpen) client.destroy();
    }
  }

  private async keep(link: Link): Promise<never> {
    await withTimeout(TIMEOUT_MS, link.client.connect());
    for (;;) {
      await withTimeout(TIMEOUT_MS, ping(link.client));
      this.use(link);
      await sleep(HEARTBEAT_EVERY_MS, undefined, { ref: false });
    }
  }

  private use(link: Link): void {
    if (this.link || !link.client.isReady) return;
    this.link = link;
    this.isOutageReported = false;
    this.logger.info({ event: 'redis_available' });
  }

  /** Waiting commands continue without Redis. */
  private leave(link: Link, error: unknown): void {
    if (this.link === link) this.link = undefined;
    link.fail(error);
  }

  private reportOutage(error: unknown): void {
    if (this.isOutageReported) return;
    this.isOutageReported = true;
    this.logger.warn({ event: 'redis_unavailable', reason: reasonOf(error) });
  }
}

/** A write: a Redis that is full, or a copy that may only be read, answers questions and is of no use. */
function ping(client: RedisClient): Promise<unknown> {
  return client.set(`${KEY_PREFIX}heartbeat`, '1', { PX: 10 * HEARTBEAT_EVERY_MS });
}

/** In one word, for the texts of errors may hold the address. */
function reasonOf(error: unknown): string {
  if (error instanceof TimedOut) return 'timeout';
  if (!isNativeError(error)) return 'unknown';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return /^[A-Z]{2,}\b/.exec(error.message)?.[0] ?? error.constructor.name;
}
