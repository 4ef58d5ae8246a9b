/**
 * Lets those who want to change the same thing do so one after the other: of many at once, MongoDB would have all but
 * one try again and again. Each is told what the one before it in the line found out.
 */
export class Line<T> {
  private readonly last = new Map<string, Promise<T | undefined>>();

  async join(id: string, work: (before: T | undefined) => Promise<T>): Promise<T> {
    const turn = (this.last.get(id) ?? Promise.resolve(undefined)).then(work);
    const done = turn.catch(() => undefined);
    this.last.set(id, done);
    try {
      return await turn;
    } finally {
      if (this.last.get(id) === done) this.last.delete(id);
    }
  }
}
