import { apiError } from '../errors/errors.js';

interface Waiting {
  readonly enter: () => void;
  readonly refuse: (error: Error) => void;
  readonly giveUp: NodeJS.Timeout;
}

interface Room {
  inside: number;
  /** First come, first served. */
  readonly waiting: Set<Waiting>;
}

interface Bounds {
  /** How many may be inside at a time. */
  readonly places: number;
  /** How many may wait for a place. */
  readonly waiting: number;
  /** How long they may, in milliseconds. */
  readonly patienceMs: number;
}

/** Lets few at a time do what concerns the same thing, and the others wait for their turn. */
export class Gate {
  private readonly rooms = new Map<string, Room>();

  constructor(private readonly bounds: Bounds) {}

  /**
   * Resolves when there is a place. Whoever has entered must leave.
   * @throws ApiError OVERLOADED when too many are waiting, or after too long; what `refuse` was given
   */
  async enter(id = ''): Promise<void> {
    const room = this.roomOf(id);
    if (room.inside < this.bounds.places) {
      room.inside++;
      return;
    }
    if (room.waiting.size >= this.bounds.waiting) throw apiError('OVERLOADED');
    await new Promise<void>((enter, refuse) => {
      const giveUp = setTimeout(() => {
        room.waiting.delete(waiting);
        refuse(apiError('OVERLOADED'));
      }, this.bounds.patienceMs);
      const waiting: Waiting = { enter, refuse, giveUp };
      room.waiting.add(waiting);
    });
  }

  /** Hands the place to who waits longest. */
  leave(id = ''): void {
    const room = this.roomOf(id);
    const [next] = room.waiting;
    if (next) {
      this.dismiss(room, next);
      next.enter();
    } else if (--room.inside === 0) {
      this.rooms.delete(id);
    }
  }

  /** Sends away all who wait: there is no point in it any more. */
  refuse(id: string, error: () => Error): void {
    const room = this.roomOf(id);
    for (const waiting of room.waiting) {
      this.dismiss(room, waiting);
      waiting.refuse(error());
    }
  }

  private dismiss(room: Room, waiting: Waiting): void {
    clearTimeout(waiting.giveUp);
    room.waiting.delete(waiting);
  }

  private roomOf(id: string): Room {
    const known = this.rooms.get(id);
    if (known) return known;
    const room: Room = { inside: 0, waiting: new Set() };
    this.rooms.set(id, room);
    return room;
  }
}
