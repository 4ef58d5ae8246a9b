/** Repeats some work, each time at the earliest of the times that were requested. */
export class ReschedulingTimer {
  private timer: NodeJS.Timeout | undefined;
  private at = Infinity;
  private isBusy = false;
  private isStopped = false;

  /** @param work returns the milliseconds after which it must run again at the latest */
  constructor(private readonly work: () => Promise<number>) {}

  /** Runs the work within so many milliseconds; ignored while it runs, because it then returns its own time. */
  schedule(ms: number): void {
    const at = performance.now() + ms;
    if (this.isStopped || this.isBusy || at >= this.at) return;
    clearTimeout(this.timer);
    this.at = at;
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
    this.schedule(ms);
  }
}
