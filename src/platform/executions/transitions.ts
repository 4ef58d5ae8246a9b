import type { mongo, Types } from 'mongoose';
import type { Status } from './execution.js';

interface Transition {
  readonly from: readonly Status[];
  /** None: its status stays. */
  readonly to: readonly Status[];
  /** Only the process that holds the execution makes it, in the turn that it has claimed. */
  readonly held?: boolean;
}

/** Every way that an execution goes. Nothing else writes one. */
export const TRANSITIONS = {
  /** `running` where the process that starts it runs it itself. */
  start: { from: [], to: ['queued', 'running'] },
  claim: { from: ['queued', 'waiting'], to: ['running'] },
  /** It cannot run here or now: another time. */
  defer: { from: ['queued', 'waiting'], to: [] },
  /** It waits for a place of its slot, or there is one. */
  park: { from: ['queued', 'waiting'], to: ['queued'] },
  unpark: { from: ['queued'], to: ['queued'] },
  /** What it waits for has come; one that does not wait now hears of it before it waits again. */
  ring: { from: ['waiting'], to: ['queued'] },
  ringBusy: { from: ['queued', 'running'], to: [] },
  note: { from: ['running'], to: [], held: true },
  wait: { from: ['running'], to: ['waiting', 'queued'], held: true },
  release: { from: ['running'], to: ['queued'], held: true },
  succeed: { from: ['running'], to: ['succeeded'], held: true },
  fail: { from: ['running'], to: ['failed'], held: true },
  halt: { from: ['running'], to: ['needs-attention'], held: true },
  end: { from: ['running'], to: ['cancelled'], held: true },
  /** The process that ran it has ended. */
  takeOver: { from: ['running'], to: ['queued', 'failed', 'needs-attention'] },
  cancel: { from: ['queued', 'waiting', 'needs-attention'], to: ['cancelled'] },
  askToEnd: { from: ['running'], to: [] },
  resolve: { from: ['needs-attention'], to: ['queued', 'failed'] },
  /** Another step is still unknown. */
  resolveOne: { from: ['needs-attention'], to: [] },
  retry: { from: ['failed'], to: ['queued'] },
} as const satisfies Record<string, Transition>;

export type TransitionName = keyof typeof TRANSITIONS;

/** Which execution, and as what it must still stand. */
export interface Target {
  readonly _id: Types.ObjectId;
  readonly ownerId: Types.ObjectId | null;
  readonly engine?: Types.ObjectId;
  readonly turn?: number;
  readonly revision?: number;
  readonly bell?: number;
}

/** One write of one execution: it happens if that still stands as it says, or not at all. */
export interface Statement {
  readonly q: mongo.Document;
  readonly u: { $set: mongo.Document; $unset?: mongo.Document; $inc: mongo.Document };
  readonly isHeld: boolean;
}

export interface Changes {
  readonly set?: mongo.Document;
  readonly unset?: readonly string[];
  readonly inc?: mongo.Document;
  /** What must also be so. */
  readonly where?: mongo.Document;
}

/** What only an execution that is to be claimed has, and what only a running one has. */
const OF_CLAIMABLE = ['dueAt', 'ready', 'parked'] as const;
const OF_RUNNING = ['engine', 'place', 'cancel'] as const;

/** @throws Error for a way that the table does not know */
export function transition(
  name: TransitionName,
  to: Status | 'same',
  { _id, ownerId, ...expected }: Target,
  { set = {}, unset = [], inc = {}, where = {} }: Changes = {},
): Statement {
  const { from, to: allowed, held = false }: Transition = TRANSITIONS[name];
  if (to === 'same' ? allowed.length > 0 : !allowed.includes(to)) {
    throw new Error(`No transition '${name}' leads to ${to}`);
  }
  if (held && (!expected.engine || expected.turn === undefined)) {
    throw new Error(`The transition '${name}' needs the lease and the turn`);
  }
  const gone = [...leftBehind(to), ...unset].filter((field) => !(field in set));
  return {
    q: { _id, ownerId, status: from.length === 1 ? from[0] : { $in: from }, ...expected, ...where },
    u: {
      $set: { ...set, ...(to !== 'same' && { status: to }) },
      ...(gone.length > 0 && { $unset: Object.fromEntries(gone.map((field) => [field, ''])) }),
      $inc: { ...inc, revision: 1 },
    },
    isHeld: held,
  };
}

function leftBehind(to: Status | 'same'): readonly string[] {
  if (to === 'same') return [];
  const isClaimable = to === 'queued' || to === 'waiting';
  return [...(isClaimable ? [] : OF_CLAIMABLE), ...(to === 'running' ? [] : OF_RUNNING)];
}
