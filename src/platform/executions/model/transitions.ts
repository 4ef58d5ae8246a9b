import type { mongo, Types } from 'mongoose';
import type { Status } from './execution.js';

interface Transition {
  readonly from: readonly Status[];
  /** Empty if the status stays the same. */
  readonly to: readonly Status[];
  /** Only for the process that holds the execution, in the turn that it has claimed. */
  readonly held?: boolean;
}

/** All transitions of an execution. Nothing else writes one. */
export const TRANSITIONS = {
  /** `running` if the process that starts it runs it itself, `succeeded` if it has ended before it is stored. */
  start: { from: [], to: ['queued', 'running', 'succeeded'] },
  claim: { from: ['queued', 'waiting'], to: ['running'] },
  /** It cannot run here or now. */
  defer: { from: ['queued', 'waiting'], to: [] },
  /** It waits for a place in its slot, or has been told that there is one. */
  park: { from: ['queued', 'waiting'], to: ['queued'] },
  unpark: { from: ['queued'], to: ['queued'] },
  /** Something that it waits for has arrived; one that is busy notices before it waits again. */
  ring: { from: ['waiting'], to: ['queued'] },
  ringBusy: { from: ['queued', 'running'], to: [] },
  note: { from: ['running'], to: [], held: true },
  wait: { from: ['running'], to: ['waiting', 'queued'], held: true },
  release: { from: ['running'], to: ['queued'], held: true },
  succeed: { from: ['running'], to: ['succeeded'], held: true },
  fail: { from: ['running'], to: ['failed'], held: true },
  halt: { from: ['running'], to: ['needs-attention'], held: true },
  end: { from: ['running'], to: ['cancelled'], held: true },
  /** The process that ran it is dead. */
  takeOver: { from: ['running'], to: ['queued', 'failed', 'needs-attention'] },
  cancel: { from: ['queued', 'waiting', 'needs-attention'], to: ['cancelled'] },
  askToEnd: { from: ['running'], to: [] },
  resolve: { from: ['needs-attention'], to: ['queued', 'failed'] },
  /** Another step is still unknown. */
  resolveOne: { from: ['needs-attention'], to: [] },
  retry: { from: ['failed'], to: ['queued'] },
} as const satisfies Record<string, Transition>;

export type TransitionName = keyof typeof TRANSITIONS;

/** The execution, and the state that it must still be in. */
export interface Target {
  readonly _id: Types.ObjectId;
  readonly ownerId: Types.ObjectId | null;
  readonly engine?: Types.ObjectId;
  readonly turn?: number;
  readonly revision?: number;
  readonly bell?: number;
}

/** One conditional write of one execution. */
export interface Statement {
  readonly q: mongo.Document;
  readonly u: { $set: mongo.Document; $unset?: mongo.Document; $inc: mongo.Document };
  readonly isHeld: boolean;
}

export interface Changes {
  readonly set?: mongo.Document;
  readonly unset?: readonly string[];
  readonly inc?: mongo.Document;
  /** Further conditions. */
  readonly where?: mongo.Document;
}

/** Fields that only claimable executions have, and fields that only running ones have. */
const OF_CLAIMABLE = ['dueAt', 'ready', 'parked'] as const;
export const OF_RUNNING = ['engine', 'place'] as const;

/** @throws Error for a transition that the table does not allow */
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
  return [
    ...(isClaimable ? [] : OF_CLAIMABLE),
    ...(to === 'running' ? [] : OF_RUNNING),
    // Who takes over what is to be cancelled ends it.
    ...(to === 'running' || to === 'queued' ? [] : ['cancel']),
  ];
}
