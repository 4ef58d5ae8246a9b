import { createHash } from 'node:crypto';
import { Types } from 'mongoose';
import type { Actor, Owner, Permission } from '../access/caller.js';

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

/** `repeatable` may run again after a crash, `pure` is recomputed and never stored, `once` never runs again unasked. */
export const EFFECTS = ['repeatable', 'pure', 'once'] as const;
export type Effect = (typeof EFFECTS)[number];

/** Why something failed, as it may be shown: nothing of the database or of the code. */
export interface Fault {
  readonly code: string;
  readonly message: string;
}

/** What a step is for the engine: work of its own, or something that it waits for. */
export type StepKind = Exclude<Effect, 'pure'> | 'sleep' | 'signal' | 'call' | 'start';

/** What is known of a step. */
export interface Step {
  /** Its place in the order of their beginning. */
  readonly n: number;
  readonly kind: StepKind;
  /** `unknown`: its effect may have happened or not. */
  readonly status: 'running' | 'waiting' | 'succeeded' | 'failed' | 'unknown';
  readonly attempts: number;
  readonly startedAt: Date;
  readonly finishedAt?: Date;
  readonly error?: Fault;
  /** JSON; absent for undefined, for what is encrypted, and for what lies beside. */
  readonly result?: string;
  /** The result lies in the collection beside. */
  readonly beside?: true;
  /** When it is tried again, or has waited long enough. */
  readonly dueAt?: Date;
  /** Who may send the signal: the owner unless told. */
  readonly by?: Permission;
  /** The execution that it waits for. */
  readonly child?: Types.ObjectId;
}

/** Whose rights an execution runs with; they are looked up when it runs. */
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

/** An execution as it is stored. This document alone says what is so. */
export interface StoredExecution {
  readonly _id: Types.ObjectId;
  /** null: the product itself. */
  readonly ownerId: Types.ObjectId | null;
  readonly type: string;
  /** Of the executor that it was started with. */
  readonly version: number;
  readonly status: Status;
  readonly scope: StoredScope;
  /** `projects/<id>` */
  readonly record?: string;
  /** W3C's `traceparent` of what started it. */
  readonly trace?: string;
  /** JSON; absent where it is encrypted. */
  readonly input?: string;
  readonly result?: string;
  /** Input and results, encrypted. */
  readonly sealed?: string;
  readonly error?: Fault;
  readonly steps: Readonly<Record<string, Step>>;
  /** There are steps in the collection beside. */
  readonly beside?: boolean;
  /** `once` steps that have begun and not ended. */
  readonly open: readonly string[];
  readonly progress?: Progress;
  /** Payloads of signals by their names: JSON. */
  readonly signals?: Readonly<Record<string, string>>;
  readonly parent?: { readonly _id: Types.ObjectId; readonly ownerId: Types.ObjectId | null };
  /** What it counts for where few may run at a time, and its place among them while it runs. */
  readonly slot?: string;
  readonly place?: number;
  /** It waits for a place of its slot. */
  readonly parked?: string;
  /** When it is to be claimed; only of those that are to be. */
  readonly dueAt?: Date;
  /** It was due when it was written: such ones take turns by owner. */
  readonly ready?: true;
  /** The lease of the process that runs it. */
  readonly engine?: Types.ObjectId;
  /** Rises each time that it is claimed. */
  readonly turn: number;
  /** Turns in which it failed one after the other without getting further, and that a crash ended. */
  readonly failures: number;
  readonly crashes: number;
  /** Rises when something comes from outside. */
  readonly bell: number;
  readonly cancel?: true;
  /** Rises with every write. */
  readonly revision: number;
  /** Of the last write. */
  readonly stamp: Types.ObjectId;
  readonly createdAt: Date;
  readonly startedAt?: Date;
  readonly finishedAt?: Date;
  /** When it is forgotten. */
  readonly expiresAt?: Date;
}

/** A step that has no room in the document of its execution. */
export interface StepBeside {
  readonly _id: Types.ObjectId;
  readonly ownerId: Types.ObjectId | null;
  readonly executionId: Types.ObjectId;
  readonly name: string;
  readonly step: Step;
  readonly expiresAt?: Date;
}

/** An id that is the same whenever it is made of the same texts. */
export function idOf(...parts: readonly string[]): Types.ObjectId {
  const hash = createHash('sha256').update(JSON.stringify(parts)).digest();
  return new Types.ObjectId(hash.subarray(0, 12));
}

/** What stands under a name that others have chosen: `constructor` is one, and everything has it. */
export function named<T>(all: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return all && Object.hasOwn(all, name) ? all[name] : undefined;
}
