import { expect } from '@jest/globals';
import { array, constant, constantFrom, integer, oneof, record } from 'fast-check';
import { Types } from 'mongoose';
import type { Status } from '../../src/platform/executions/model/execution.js';
import type { ExecutionStore } from '../../src/platform/executions/store/execution-store.js';
import {
  type Changes,
  transition,
  type TransitionName,
} from '../../src/platform/executions/model/transitions.js';

/** What an execution is, to a model that knows nothing of the database. */
interface Model {
  status: Status;
  holder: number | undefined;
  turn: number;
  bell: number;
  revision: number;
}
/** What each of two processes, and somebody outside, believe of it. */
interface View {
  turn: number;
  revision: number;
  bell: number;
}
const HELD: readonly (readonly [TransitionName, Status | 'same'])[] = [
  ['note', 'same'],
  ['wait', 'waiting'],
  ['wait', 'queued'],
  ['release', 'queued'],
  ['succeed', 'succeeded'],
  ['fail', 'failed'],
  ['halt', 'needs-attention'],
  ['end', 'cancelled'],
];
const FREE: readonly (readonly [TransitionName, Status | 'same', readonly Status[]])[] = [
  ['defer', 'same', ['queued', 'waiting']],
  ['ring', 'queued', ['waiting']],
  ['ringBusy', 'same', ['queued', 'running']],
  ['cancel', 'cancelled', ['queued', 'waiting', 'needs-attention']],
  ['askToEnd', 'same', ['running']],
  ['resolve', 'queued', ['needs-attention']],
  ['resolve', 'failed', ['needs-attention']],
  ['retry', 'queued', ['failed']],
];
const who = integer({ min: 0, max: 1 });
const action = oneof(
  record({ kind: constant('look' as const), by: who }),
  record({ kind: constant('claim' as const), by: who }),
  record({ kind: constant('held' as const), by: who, way: constantFrom(...HELD) }),
  record({ kind: constant('free' as const), by: who, way: constantFrom(...FREE) }),
  record({ kind: constant('takeOver' as const), by: who }),
);

/** What two processes and somebody outside do, in any order. */
export const actions = array(action, { maxLength: 30 });
type Action = typeof actions extends { generate(...parameters: never[]): { value: infer V } } ? V : never;

/** Does so in the database and in a model, and holds them against each other. */
export async function playModel(store: ExecutionStore, all: Action): Promise<void> {
  const tokens = [new Types.ObjectId(), new Types.ObjectId()];

  const target = { _id: new Types.ObjectId(), ownerId: null };
  const model: Model = { status: 'queued', holder: undefined, turn: 0, bell: 0, revision: 1 };
  await store.insert([
    {
      ...target,
      status: 'queued',
      turn: 0,
      bell: 0,
      revision: 1,
      dueAt: new Date(),
      steps: {},
    } as never,
  ]);
  const views: View[] = [0, 1].map(() => ({ turn: 0, revision: 1, bell: 0 }));
  const write = async (
    name: TransitionName,
    to: Status | 'same',
    expected: object,
    changes: Changes,
    isAllowed: boolean,
    holder?: number,
  ): Promise<void> => {
    const n = await store.write(
      [transition(name, to, { ...target, ...expected }, changes)],
      new Types.ObjectId(),
    );
    expect([name, n]).toEqual([name, isAllowed ? 1 : 0]);
    if (!isAllowed) return;
    if (to !== 'same') model.status = to;
    if (model.status !== 'running') model.holder = undefined;
    else if (holder !== undefined) model.holder = holder;
    model.turn += Number(changes.inc?.['turn'] ?? 0);
    model.bell += Number(changes.inc?.['bell'] ?? 0);
    model.revision++;
  };
  for (const each of all) {
    const view = views[each.by] as View;
    const engineToken = tokens[each.by] as Types.ObjectId;
    const isSeen = view.revision === model.revision;
    switch (each.kind) {
      case 'look':
        Object.assign(view, { turn: model.turn, revision: model.revision, bell: model.bell });
        break;
      case 'claim': {
        const isAllowed = isSeen && (model.status === 'queued' || model.status === 'waiting');
        const changes = { set: { engine: engineToken }, inc: { turn: 1 } };
        await write('claim', 'running', { revision: view.revision }, changes, isAllowed, each.by);
        if (isAllowed) Object.assign(view, { turn: model.turn, bell: model.bell });
        break;
      }
      case 'held': {
        const [name, to] = each.way;
        const isHeld = model.holder === each.by && model.turn === view.turn;
        const hears = name !== 'wait' || model.bell === view.bell;
        const expected = {
          engine: engineToken,
          turn: view.turn,
          ...(name === 'wait' && { bell: view.bell }),
        };
        const set = to === 'queued' || to === 'waiting' ? { dueAt: new Date() } : {};
        await write(name, to, expected, { set }, isHeld && hears);
        break;
      }
      case 'free': {
        const [name, to, from] = each.way;
        const inc = name.startsWith('ring') ? { bell: 1 } : {};
        const set = to === 'queued' ? { dueAt: new Date() } : {};
        const isAllowed = isSeen && from.includes(model.status);
        await write(name, to, { revision: view.revision }, { set, inc }, isAllowed);
        break;
      }
      case 'takeOver': {
        const other = 1 - each.by;
        const expected = { engine: tokens[other] as Types.ObjectId, turn: views[other]?.turn ?? 0 };
        const isAllowed = model.holder === other && model.turn === expected.turn;
        await write('takeOver', 'queued', expected, { set: { dueAt: new Date() } }, isAllowed);
        break;
      }
    }
    const found = await store.get(target._id);
    expect({
      ...found,
      holder: tokens.findIndex((token) => found?.engine?.equals(token)),
    }).toMatchObject({
      ...model,
      holder: model.holder ?? -1,
    });
    const isClaimable = model.status === 'queued' || model.status === 'waiting';
    expect([found?.dueAt !== undefined, found?.engine !== undefined]).toEqual([
      isClaimable,
      model.status === 'running',
    ]);
  }
}
