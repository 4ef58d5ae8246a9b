import type { UpgradeStep } from './upgrade.js';

const WAITING = 'Waiting for another process that migrates';
const STILL_EVERY_MS = 5_000;

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/** Tells a person what an upgrade does: a line for each step, and one every five seconds for one that takes long. */
export class UpgradePrinter {
  /** What is running, with its progress. */
  private readonly running = new Map<string, string>();
  private readonly started = performance.now();
  private readonly timer = setInterval(() => this.printRunning(), STILL_EVERY_MS).unref();

  constructor(private readonly write: (text: string) => unknown) {}

  readonly report = (step: UpgradeStep): void => {
    switch (step.event) {
      case 'migrations_waiting':
        this.begin(WAITING);
        break;
      case 'migration_started':
        this.begin(step.migration);
        break;
      case 'migration_progress':
        this.running.set(step.migration, step.done);
        break;
      case 'migration_notice':
        this.line(`${step.migration}: ${step.notice}`);
        break;
      case 'migration_applied':
        this.end(step.migration, step.durationMs);
        break;
      case 'indexes_building':
        this.begin(indexesOf(step));
        break;
      case 'indexes_created':
        this.end(indexesOf(step), step.durationMs);
        break;
    }
  };

  stop(): void {
    clearInterval(this.timer);
  }

  private begin(what: string): void {
    this.running.delete(WAITING);
    this.running.set(what, '');
    this.line(`${what} …`);
  }

  private end(what: string, durationMs: number): void {
    this.running.delete(what);
    this.line(`${what} done in ${seconds(durationMs)}`);
  }

  private printRunning(): void {
    for (const [what, done] of this.running) {
      this.line(
        `${what} … ${[done, `${seconds(performance.now() - this.started)} since the start`].filter(Boolean).join(', ')}`,
      );
    }
  }

  private line(text: string): void {
    this.write(`${text}\n`);
  }
}

function indexesOf({ collection, indexes }: { collection: string; indexes: readonly string[] }): string {
  return `Indexes of ${collection}: ${indexes.join(', ')}`;
}
