import { setTimeout as sleep } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { EmbeddedMongo } from './embedded-mongo/embedded-mongo.js';
import type { ProcessConfig } from './platform/config/process.config.js';
import { HealthMonitor } from './platform/monitoring/health.monitor.js';

/** After a fault of the process, how long running requests have to finish by themselves, */
const FINISH_MS = 1_000;
/** and the process to end in order. */
const FAULT_MS = 3_000;

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** What may be told of an error: where it was thrown, and never its message, which may quote anything. */
function traceOf(thrown: unknown): object {
  if (!(thrown instanceof Error)) return { type: typeof thrown };
  const { name, message, stack = '' } = thrown;
  const { code } = thrown as NodeJS.ErrnoException;
  // The message may have lines of its own that look like places.
  const frames = stack.slice(stack.indexOf(message) + message.length).split('\n');
  return {
    type: /^\w{1,64}$/.test(name) ? name : 'Error',
    ...(typeof code === 'string' && /^[A-Z\d_]{1,64}$/.test(code) && { code }),
    stack: frames.filter((line) => line.startsWith('    at ')).join('\n'),
  };
}

/**
 * Ends the server in order, and leaves no process behind: on a signal when the requests under way are answered, with
 * exit code 0, and after an error that nobody has caught as soon as possible, with 1. A second signal ends it at once.
 */
export function endInOrder(
  app: NestFastifyApplication,
  database: EmbeddedMongo | undefined,
  { shutdownGraceMs, drainMs }: ProcessConfig,
): void {
  const fastify = app.getHttpAdapter().getInstance();
  const health = app.get(HealthMonitor, { strict: false });
  let isFaulty = false;

  const leave = async (code: number): Promise<void> => {
    await database?.stop();
    process.exit(code);
  };
  // Nest's own type leaves out that hooks get the signal.
  const closing: { close(signal?: string): Promise<void> } = app;
  const stop = async (name: string): Promise<void> => {
    for (const signal of SIGNALS) process.once(signal, () => process.exit(1));
    setTimeout(() => void leave(1), shutdownGraceMs).unref();
    health.drain();
    // Whoever sends requests here has to notice first.
    await sleep(drainMs);
    if (isFaulty) return;
    await closing.close(name);
    await leave(0);
  };
  for (const signal of SIGNALS) process.once(signal, () => void stop(signal));

  const fail = async (thrown: unknown, origin: string): Promise<void> => {
    isFaulty = true;
    const event = { event: 'process_failed', origin, ...traceOf(thrown) };
    fastify.log.fatal(event, 'An error that nobody caught ends the process');
    setTimeout(() => void leave(1), FAULT_MS).unref();
    health.drain();
    fastify.giveUp(FINISH_MS);
    await app.close().catch(() => undefined);
    await leave(1);
  };
  // More of them may follow from the first one.
  process.on('uncaughtException', (error, origin) => void (isFaulty || fail(error, origin)));
}
