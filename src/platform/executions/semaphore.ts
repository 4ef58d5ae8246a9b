/** Lets so many in at a time; the others wait, however long. */
export class Semaphore {
  private readonly waiting: (() => void)[] = [];

  constructor(private places: number) {}

  async enter(): Promise<void> {
    if (this.places > 0) this.places--;
    else await new Promise<void>((resolve) => void this.waiting.push(resolve));
  }

  leave(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.places++;
  }
}
