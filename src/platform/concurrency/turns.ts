interface Turn<T> {
  readonly running: Promise<T>;
  next?: Promise<T>;
}

/**
 * Asks for many at once what must not be answered from before the question: who comes while an answer is on its way
 * shares the next one, which is asked for once that has come.
 */
export class Turns<T> {
  private readonly turns = new Map<string, Turn<T>>();

  constructor(private readonly ask: (subject: string) => Promise<T>) {}

  get(subject: string): Promise<T> {
    const turn = this.turns.get(subject);
    if (!turn) return this.start(subject);
    return (turn.next ??= turn.running.then(
      () => this.start(subject),
      () => this.start(subject),
    ));
  }

  private start(subject: string): Promise<T> {
    const turn: Turn<T> = { running: this.ask(subject) };
    this.turns.set(subject, turn);
    const end = (): void => {
      if (!turn.next && this.turns.get(subject) === turn) this.turns.delete(subject);
    };
    turn.running.then(end, end);
    return turn.running;
  }
}
