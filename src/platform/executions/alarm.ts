/** Does something again and again, each time at the earliest time that it was asked for. */
export class Alarm {
  private timer: NodeJS.Timeout | undefined;
  private at = Infinity;
  private isBusy = false;
  private isStopped = false;

  /** @param work answers in how many milliseconds it is to be done again at the latest */
  constructor(private readonly work: () => Promise<number>) {}

  /** Within so many milliseconds; what is asked for while it works, it answers itself. */
  within(ms: number): void {
    const at = performance.now() + ms;
    if (this.isStopped || this.isBusy || at >= this.at) return;
    clearTimeout(this.timer);
    this.at = at;
    this.timer = setTimeout(() => void this.ring(), ms).unref();
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private async ring(): Promise<void> {
    this.at = Infinity;
    this.isBusy = true;
    const ms = await this.work();
    this.isBusy = false;
    this.within(ms);
  }
}
