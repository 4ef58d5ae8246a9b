import { Types } from 'mongoose';
import type { Filter } from './filter.js';

/** Records read by one command at most: they have to fit into memory together. */
const MOST = 20;

/** A record's id, and the ids that its other fields must have. */
type Sought = Readonly<Record<string, Types.ObjectId>> & { readonly _id: Types.ObjectId };

interface Waiting<R> {
  readonly sought: Sought;
  readonly settle: (found: R | undefined) => void;
  readonly refuse: (error: unknown) => void;
}

/**
 * Reads of one record each that arrive in one turn of the event loop become one command, because a command costs several
 * times what it reads. Nobody waits longer than for the turn, and nobody gets an object that somebody else has got.
 */
export class GroupedReads<R extends object> {
  /** What each command of this turn will read, by id. */
  private groups: Map<string, Waiting<R>>[] = [];

  /** @param read resolves with up to `limit` records that match a filter */
  constructor(private readonly read: (filter: Filter, limit: number) => Promise<R[]>) {}

  /**
   * The record that matches a filter by `_id`, and perhaps by more.
   * @throws whatever `read` throws, to everybody whose record it should have read
   */
  async one(filter: Filter): Promise<R | undefined> {
    if (!isSought(filter)) return (await this.read(filter, 1))[0];
    if (this.groups.length === 0) setImmediate(() => this.send());
    const id = filter._id.toHexString();
    const fitting = this.groups.find((group) => group.size < MOST && !group.has(id));
    const group = fitting ?? new Map<string, Waiting<R>>();
    if (!fitting) this.groups.push(group);
    return new Promise((settle, refuse) => void group.set(id, { sought: filter, settle, refuse }));
  }

  private send(): void {
    for (const group of this.groups.splice(0)) void this.readAll([...group.values()]);
  }

  private async readAll(group: readonly Waiting<R>[]): Promise<void> {
    const [one, another] = group;
    const filter = another ? { _id: { $in: group.map(({ sought }) => sought._id) } } : one?.sought;
    try {
      const found = await this.read(filter ?? {}, group.length);
      for (const { sought, settle } of group) settle(found.find((record) => matches(record, sought)));
    } catch (error) {
      for (const { refuse } of group) refuse(error);
    }
  }
}

/** Whether a filter asks for nothing but ids, so that it can be applied here. */
function isSought(filter: Filter): filter is Sought {
  return '_id' in filter && Object.values(filter).every((value) => value instanceof Types.ObjectId);
}

function matches(record: object, sought: Sought): boolean {
  return Object.entries(sought).every(([field, id]) => id.equals((record as Sought)[field]));
}
