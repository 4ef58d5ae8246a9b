import { apiError } from '../errors/errors.js';

/** In whose name something waits for its turn. */
export interface Claim {
  /** Goes before all who are not. */
  readonly isKnown: boolean;
  /** Whom it is counted for, the widest first: a network, a smaller one within, an account. */
  readonly subjects: readonly string[];
}

interface Waiting extends Claim {
  readonly enter: () => void;
  readonly refuse: (error: Error) => void;
  readonly giveUp: NodeJS.Timeout;
}

interface Use {
  count: number;
  /** Milliseconds since the process started. */
  at: number;
}

interface Bounds {
  /** How many may be inside at a time. */
  readonly places: number;
  /** How many may wait, however quick the work is. */
  readonly waiting: number;
  /** How long one may wait, in milliseconds. */
  readonly patienceMs: number;
}

/** After so long, in milliseconds, half of what somebody has asked for is forgotten. */
const HALF_LIFE_MS = 30_000;
/** What of a turn is counted when its work turned out to be right. */
const RIGHT_COSTS = 0.25;
/** So many may always wait: a few at once are no flood, however slow the machine is at the moment. */
const LEAST_ROOM = 8;
const MAX_SUBJECTS = 10_000;

/**
 * Shares few places between many who want them. Whose network, and then whose account, has asked for least of late goes
 * first, so that who asks all the time, from however many addresses of a network, waits behind who asks seldom. As soon
 * as more wait than can have their turn in time, the last in that order is refused: at once, not after a wait.
 */
export class FairQueue {
  private inside = 0;
  private readonly waiting = new Set<Waiting>();
  private readonly uses = new Map<string, Use>();
  /** How long a turn takes, in milliseconds, of late. */
  private turnMs = 0;

  constructor(private readonly bounds: Bounds) {}

  /**
   * Does the work when it is its turn.
   * @param isRight whether its result shows that nobody guesses
   * @throws ApiError OVERLOADED
   */
  async run<T>(claim: Claim, work: () => Promise<T>, isRight: (result: T) => boolean): Promise<T> {
    for (const subject of claim.subjects) this.useOf(subject).count++;
    await this.enter(claim);
    const started = performance.now();
    try {
      const result = await work();
      if (isRight(result)) this.giveBack(claim);
      return result;
    } finally {
      this.turnMs += (performance.now() - started - this.turnMs) / (this.turnMs === 0 ? 1 : 8);
      this.leave();
    }
  }

  private async enter(claim: Claim): Promise<void> {
    if (this.inside < this.bounds.places) {
      this.inside++;
      return;
    }
    await new Promise<void>((enter, refuse) => {
      const giveUp = setTimeout(() => this.refuse(waiting), this.bounds.patienceMs);
      const waiting: Waiting = { ...claim, enter, refuse, giveUp };
      this.waiting.add(waiting);
      this.refuseLate();
    });
  }

  private leave(): void {
    const [next] = this.inOrder();
    if (!next) {
      this.inside--;
      return;
    }
    this.waiting.delete(next);
    clearTimeout(next.giveUp);
    next.enter();
    this.refuseLate();
  }

  /** How many can have their turn in time. */
  private get room(): number {
    const { places, waiting, patienceMs } = this.bounds;
    const inTime = Math.floor((places * patienceMs) / Math.max(this.turnMs, 1));
    return Math.min(waiting, Math.max(LEAST_ROOM, inTime));
  }

  private refuseLate(): void {
    if (this.waiting.size <= this.room) return;
    for (const late of this.inOrder().slice(this.room)) this.refuse(late);
  }

  private refuse(waiting: Waiting): void {
    this.waiting.delete(waiting);
    clearTimeout(waiting.giveUp);
    waiting.refuse(apiError('OVERLOADED'));
  }

  /** Of equals, the last to come goes first: the others are as likely to have given up. */
  private inOrder(): Waiting[] {
    const lastFirst = [...this.waiting].toReversed();
    const counted = lastFirst.map((waiting) => ({
      waiting,
      counts: waiting.subjects.map((subject) => Math.round(this.countOf(subject))),
    }));
    const sorted = counted.toSorted((a, b) => {
      if (a.waiting.isKnown !== b.waiting.isKnown) return a.waiting.isKnown ? -1 : 1;
      for (let at = 0; at < Math.max(a.counts.length, b.counts.length); at++) {
        const difference = (a.counts[at] ?? 0) - (b.counts[at] ?? 0);
        if (difference !== 0) return difference;
      }
      return 0;
    });
    return sorted.map(({ waiting }) => waiting);
  }

  private giveBack({ subjects }: Claim): void {
    for (const subject of subjects) {
      const use = this.useOf(subject);
      use.count = Math.max(0, use.count - (1 - RIGHT_COSTS));
    }
  }

  private countOf(subject: string): number {
    const use = this.uses.get(subject);
    return use ? use.count * 0.5 ** ((performance.now() - use.at) / HALF_LIFE_MS) : 0;
  }

  /** The use of a subject as it is now, to be changed; who asked last is forgotten last. */
  private useOf(subject: string): Use {
    const use = { count: this.countOf(subject), at: performance.now() };
    this.uses.delete(subject);
    const [oldest] = this.uses.size < MAX_SUBJECTS ? [] : this.uses.keys();
    if (oldest !== undefined) this.uses.delete(oldest);
    this.uses.set(subject, use);
    return use;
  }
}
