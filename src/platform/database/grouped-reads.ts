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

/** What one command reads, by id. */
type Group<R> = Map<string, Waiting<R>>;

/**
 * Reads of one record each that arrive in one turn of the event loop become one command, because a command costs several
 * times what it reads. Nobody waits longer than for the turn, and nobody gets an object that somebody else has got.
 */
export class GroupedReads<R extends object> {
  private groups: Group<R>[] = [];

  /** @param read resolves with up to `limit` records that match a filter */
  constructor(private readonly read: (filter: Filter, limit: number) => Promise<R[]>) {}

  /**
   * The record that matches a filter by `_id`, and perhaps by more.
   * @throws whatever `read` throws, to everybody whose record it should have read
   */
  async one(filter: Filter): Promise<R | undefined> {
    if (!isSought(filter)) return (await this.read(filter, 1))[0];
    return new Promise((settle, refuse) => {
      const id = filter._id.toHexString();
      this.groupFor(id).set(id, { sought: filter, settle, refuse });
    });
  }

  /** The first group that reads no record of this id yet. */
  private groupFor(id: string): Group<R> {
    const fitting = this.groups.find((group) => group.size < MOST && !group.has(id));
    if (fitting) return fitting;
    if (this.groups.length === 0) setImmediate(() => this.send());
    const group: Group<R> = new Map();
    this.groups.push(group);
    return group;
  }

  private send(): void {
    const { groups } = this;
    this.groups = [];
    for (const group of groups) void this.readAll(group);
  }

  private async readAll(group: Group<R>): Promise<void> {
    const all = [...group.values()];
    const [one, another] = all;
    try {
      const filter = another ? { _id: { $in: all.map(({ sought }) => sought._id) } } : one?.sought;
      const found = await this.read(filter ?? {}, all.length);
      const byId = new Map(found.map((record) => [String((record as Sought)._id), record]));
      for (const [id, { sought, settle }] of group) {
        const record = byId.get(id);
        settle(record && matches(record, sought) ? record : undefined);
      }
    } catch (error) {
      for (const { refuse } of all) refuse(error);
    }
  }
}

/** Whether a filter asks for nothing but ids, so that it can be applied here. */
function isSought(filter: Filter): filter is Sought {
  return '_id' in filter && Object.values(filter).every((value) => value instanceof Types.ObjectId);
}

function matches(record: object, sought: Sought): boolean {
  const fields = record as Readonly<Record<string, unknown>>;
  return Object.entries(sought).every(([field, id]) => id.equals(fields[field] as Types.ObjectId));
}
