import { createHash } from 'node:crypto';
import { Types } from 'mongoose';
import type { Actor, Owner, Permission } from '../../access/caller.js';

export const STATUSES = [
  'queued',
  'running',
  'waiting',
  'succeeded',
  'failed',
  'cancelled',
  'needs-attention',
] as const;
export type Status = (typeof STATUSES)[number];

const FINISHED: ReadonlySet<Status> = new Set(['succeeded', 'failed', 'cancelled']);

export function isFinished(status: Status): boolean {
  return FINISHED.has(status);
}

/** `repeatable` may run again after a crash, `pure` is recomputed, never stored, `once` runs again only if asked to. */
export const EFFECTS = ['repeatable', 'pure', 'once'] as const;
export type Effect = (typeof EFFECTS)[number];

/** Why something failed, in a form that may be shown: nothing from the database or the code. */
export interface Fault {
  readonly code: string;
  readonly message: string;
}

/** The engine's view of a step: work to do, or something to wait for. */
export type StepKind = Exclude<Effect, 'pure'> | 'sleep' | 'signal' | 'call' | 'start';

/** The recorded state of a step. */
export interface Step {
  /** Its position in the order in which steps began. */
  readonly n: number;
  readonly kind: StepKind;
  /** `unknown`: its effect may or may not have happened. */
  readonly status: 'running' | 'waiting' | 'succeeded' | 'failed' | 'unknown';
  readonly attempts: number;
  readonly startedAt: Date;
  readonly finishedAt?: Date;
  readonly error?: Fault;
  /** JSON; absent for undefined, if encrypted, and if stored in `execution_steps`. */
  readonly result?: string;
  /** The result is stored in `execution_steps`. */
  readonly beside?: true;
  /** When it is retried, or its wait ends. */
  readonly dueAt?: Date;
  /** The permission needed to send the signal; the owner may if there is none. */
  readonly by?: Permission;
  /** The execution that it waits for. */
  readonly child?: Types.ObjectId;
}

/** Whose rights an execution has; they are looked up when it runs. */
export interface StoredScope {
  readonly actor: Actor;
  readonly owner?: Owner;
  readonly permission?: Permission;
}

export interface Progress {
  readonly done: number;
  readonly of: number | null;
  readonly text: string | null;
}

/** An execution as it is stored. This document is the only source of its state. */
export interface StoredExecution {
  readonly _id: Types.ObjectId;
  /** null: the product itself. */
  readonly ownerId: Types.ObjectId | null;
  readonly type: string;
  /** The version of the executor that it was started with. */
  readonly version: number;
  readonly status: Status;
  readonly scope: StoredScope;
  /** `projects/<id>` */
  readonly record?: string;
  /** The W3C `traceparent` of what started it. */
  readonly trace?: string;
  /** JSON; absent where it is encrypted. */
  readonly input?: string;
  readonly result?: string;
  /** Input and results, encrypted. */
  readonly sealed?: string;
  readonly error?: Fault;
  readonly steps: Readonly<Record<string, Step>>;
  /** Some steps are stored in `execution_steps`. */
  readonly beside?: boolean;
  /** `once` steps that have begun but not finished. */
  readonly open: readonly string[];
  readonly progress?: Progress;
  /** Payloads of signals by name, as JSON. */
  readonly signals?: Readonly<Record<string, string>>;
  readonly parent?: { readonly _id: Types.ObjectId; readonly ownerId: Types.ObjectId | null };
  /** What its concurrency limit is counted by, and its place within the limit while it runs. */
  readonly slot?: string;
  readonly place?: number;
  /** The slot that it waits for a place in. */
  readonly parked?: string;
  /** When it should be claimed; absent if it should not. */
  readonly dueAt?: Date;
  /** It was due when it was written; the owners of such executions take turns. */
  readonly ready?: true;
  /** The lease of the process that runs it. */
  readonly engine?: Types.ObjectId;
  /** Increases with each claim. */
  readonly turn: number;
  /** Consecutive turns that failed without progress, and turns that a crash ended. */
  readonly failures: number;
  readonly crashes: number;
  /** Increases when something arrives from outside. */
  readonly bell: number;
  readonly cancel?: true;
  /** Increases with every write. */
  readonly revision: number;
  /** Identifies the last write. */
  readonly stamp: Types.ObjectId;
  readonly createdAt: Date;
  readonly startedAt?: Date;
  readonly finishedAt?: Date;
  /** When it is removed. */
  readonly expiresAt?: Date;
}

/** A step that does not fit into the document of its execution. */
export interface StepBeside {
  readonly _id: Types.ObjectId;
  readonly ownerId: Types.ObjectId | null;
  readonly executionId: Types.ObjectId;
  readonly name: string;
  readonly step: Step;
  readonly expiresAt?: Date;
}

/** An id derived from strings: the same strings give the same id. */
export function idOf(...parts: readonly string[]): Types.ObjectId {
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest();
  return new Types.ObjectId(hash.subarray(0, 12));
}

/** The own property of a name that clients choose; `constructor` and the like are inherited by every object. */
export function named<T>(all: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return all && Object.hasOwn(all, name) ? all[name] : undefined;
}
