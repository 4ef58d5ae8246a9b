import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import type { Command } from './feature.js';
import { type Body, bodyOfCommand, type RecordJson, sourcesOf } from './feature-bodies.js';
import { expectFault, type FeatureTest, UNKNOWN_FIELD } from './feature-test.js';

/** What can be done to a record beside changing it. Who may do it is in the authorisation matrix. */
export function describeCommands(its: FeatureTest): void {
  for (const [name, command] of Object.entries(its.feature.commands ?? {})) {
    describe(`the command ${name}`, () => describeCommand(its, name, command));
  }
  for (const [name, start] of Object.entries(its.feature.starts ?? {})) {
    describe(`the route ${name}`, () => describeStart(its, name, start));
  }
}

/** A route that starts an execution: what becomes of that is for the executor's own test. */
function describeStart(its: FeatureTest, name: string, { fields }: Command): void {
  it('answers the execution that it starts, once for an Idempotency-Key', async () => {
    const { feature, writer } = its;
    const record = await its.create();
    const at = `${its.at(record)}/${name}`;
    const body = await bodyOfCommand(feature, { fields }, its.makers());
    const headers = { 'idempotency-key': randomUUID() };
    const [first, again] = [await writer.post(at, body, headers), await writer.post(at, body, headers)];
    const type = `${feature.path.split('/').at(-1)}.${name}`;
    expect([first.outcome, first.body.data.type]).toEqual(['202', type]);
    expect(again.body.data.id).toBe(first.body.data.id);
    const about = `${feature.path.split('/').at(-1)}/${record.id}`;
    const { body: listed } = await writer.get(`/api/v1/executions?record=${about}`);
    expect(listed.data.map(({ id }: RecordJson) => id)).toEqual([first.body.data.id]);
    expect(first.headers['location']).toBe(`/api/v1/executions/${first.body.data.id}`);
  });

  it('refuses what it cannot take', async () => {
    const at = `${its.at(await its.create())}/${name}`;
    const body = await bodyOfCommand(its.feature, { fields }, its.makers());
    for (const [field, { refuses = [] }] of Object.entries(fields)) {
      for (const value of refuses) expectFault(await its.writer.post(at, { ...body, [field]: value }), field);
    }
  });
}

function describeCommand(its: FeatureTest, name: string, command: Command): void {
  let record: RecordJson;
  let body: Body;
  const { to = {} } = command;
  const post = (sent: Body, headers = {}) => its.writer.post(`${its.at(record)}/${name}`, sent, headers);
  /** As the database has them, whichever ways lead there. */
  const put = async (states: Body) => {
    await its.collection.updateOne({ _id: new Types.ObjectId(record.id) }, { $set: states });
    record = await its.read(record);
  };

  beforeEach(async () => {
    record = await its.create();
    for (const change of command.before ?? []) {
      record = (await its.writer.patch(its.at(record), change)).body.data as RecordJson;
    }
    if (command.to) await put(sourcesOf(its.feature, command));
    body = await bodyOfCommand(its.feature, command, its.makers());
  });

  it('answers the record, with what it was given', async () => {
    const { outcome, headers, body: answer } = await post(body);
    expect([outcome, headers['etag']]).toEqual(['200', `"${record.version + 1}"`]);
    // What is only passed on is no field of the record.
    const stored = Object.fromEntries(Object.entries(body).filter(([field]) => field in its.feature.fields));
    expect(answer.data).toMatchObject({ ...stored, ...to, id: record.id, version: record.version + 1 });
    expect(await its.read(record)).toEqual(answer.data);
  });

  it('honours If-Match', async () => {
    expect((await post(body, { 'if-match': '"99"' })).outcome).toBe('412 PRECONDITION_FAILED');
    expect(await its.read(record)).toEqual(record);
    expect((await post(body, { 'if-match': `"${record.version}"` })).outcome).toBe('200');
  });

  for (const [field, state] of Object.entries(to)) {
    const ways = Object.entries(its.feature.fields[field]?.states ?? {});

    it.each(ways)(`takes ${field} to ${state} from %s only where that is allowed`, async (from, allowed) => {
      await put({ [field]: from });
      const { outcome, body: answer } = await post(body);
      if (from === state || allowed.includes(state)) {
        expect([outcome, answer.data]).toEqual(['200', await its.read(record)]);
        expect(answer.data).toMatchObject({ ...to, version: record.version + 1 });
      } else {
        expect([outcome, answer.details.map(({ path }: { path: string }) => path)]).toEqual([
          '409 TRANSITION_NOT_ALLOWED',
          [field],
        ]);
        expect(allowed.filter((each) => !answer.details[0].message.includes(each))).toEqual([]);
        expect(await its.read(record)).toEqual(record);
      }
    });
  }

  it('refuses what it cannot take', async () => {
    for (const [field, { required, refuses = [] }] of Object.entries(command.fields)) {
      const { [field]: _left, ...rest } = body;
      if (required) expectFault(await post(rest), field);
      for (const value of refuses) expectFault(await post({ ...body, [field]: value }), field);
    }
    // Without a body nothing is looked at.
    if (Object.keys(command.fields).length > 0)
      expectFault(await post({ ...body, unknown: 1 }), 'unknown', UNKNOWN_FIELD);
    expect(await its.read(record)).toEqual(record);
  });
}
