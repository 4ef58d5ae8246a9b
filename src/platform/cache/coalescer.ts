interface Call<T> {
  readonly running: Promise<T>;
  next?: Promise<T>;
}

/**
 * Coalesces calls for the same key without ever answering with a result that is older than the question: whoever asks
 * while a call is running shares the next call, which starts when the running one has ended.
 */
export class Coalescer<T> {
  private readonly calls = new Map<string, Call<T>>();

  constructor(private readonly call: (key: string) => Promise<T>) {}

  get(key: string): Promise<T> {
    const call = this.calls.get(key);
    if (!call) return this.start(key);
    return (call.next ??= call.running.then(
      () => this.start(key),
      () => this.start(key),
    ));
  }

  private start(key: string): Promise<T> {
    const call: Call<T> = { running: this.call(key) };
    this.calls.set(key, call);
    const end = (): void => {
      if (!call.next && this.calls.get(key) === call) this.calls.delete(key);
    };
    call.running.then(end, end);
    return call.running;
  }
}
