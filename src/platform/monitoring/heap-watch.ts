import { constants, PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';

/** Memory is short from this share of the heap on, in use after a collection. */
const SHORT = 0.85;
/** It is enough again below this share. */
const ENOUGH = 0.75;
/** Of V8's limit, what is kept for objects that are new: what stays alive cannot have it. */
const YOUNG_BYTES = 192 * 2 ** 20;
/** While memory is short, and nothing else makes V8 collect. */
const COLLECT_EVERY_MS = 1_000;

/** What Node notes of a collection; its types do not say so. */
interface Collection {
  readonly detail: { readonly kind: number };
}

type Collect = (options: { type: 'major'; execution: 'async' }) => Promise<void>;

/**
 * Sees the end of the heap before V8 ends the process there. What is in use between two collections says nothing, for
 * V8 lets garbage gather up to the limit; so it looks after each one that goes through the whole heap.
 */
@Injectable()
export class HeapWatch implements OnApplicationShutdown {
  isShort = false;
  private readonly observer = new PerformanceObserver((list) => {
    const isMajor = list
      .getEntries()
      .some((entry) => (entry as unknown as Collection).detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR);
    if (isMajor) this.look();
  });
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly logger: PinoLogger) {
    this.observer.observe({ entryTypes: ['gc'] });
  }

  onApplicationShutdown(): void {
    this.observer.disconnect();
    clearInterval(this.timer);
  }

  private look(): void {
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    const isShort = used / (limit - YOUNG_BYTES) > (this.isShort ? ENOUGH : SHORT);
    if (isShort === this.isShort) return;
    this.isShort = isShort;
    clearInterval(this.timer);
    const mebibytes = Math.round(used / 2 ** 20);
    if (!isShort) return this.logger.info({ event: 'memory_enough', mebibytes }, 'There is memory again');
    this.logger.warn({ event: 'memory_short', mebibytes }, 'The heap is nearly full: requests are refused');
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as Collect;
    // Refused requests need no memory that would make V8 collect.
    this.timer = setInterval(
      () => void collect({ type: 'major', execution: 'async' }),
      COLLECT_EVERY_MS,
    ).unref();
  }
}
