/** Repeats some work, each time at the earliest of the times that were requested. */
export class ReschedulingTimer {
  private timer: NodeJS.Timeout | undefined;
  private at = Infinity;
  private isBusy = false;
  private isStopped = false;

  /** @param work returns the milliseconds after which it must run again at the latest */
  constructor(private readonly work: () => Promise<number>) {}

  /** Runs the work within so many milliseconds; while it runs, within so many of now, after it has ended. */
  schedule(ms: number): void {
    const at = performance.now() + ms;
    if (this.isStopped || at >= this.at) return;
    this.at = at;
    if (this.isBusy) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.run(), ms).unref();
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private async run(): Promise<void> {
    this.at = Infinity;
    this.isBusy = true;
    const ms = await this.work();
    this.isBusy = false;
    const soonest = Math.max(0, Math.min(this.at - performance.now(), ms));
    this.at = Infinity;
    this.schedule(soonest);
  }
}
