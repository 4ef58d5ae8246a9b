import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Command } from './feature.js';
import { type Body, bodyOfCommand, type RecordJson } from './feature-bodies.js';
import { expectFault, type FeatureTest, UNKNOWN_FIELD } from './feature-test.js';

/** What can be done to a record beside changing it. Who may do it is in the authorisation matrix. */
export function describeCommands(its: FeatureTest): void {
  for (const [name, command] of Object.entries(its.feature.commands ?? {})) {
    describe(`the command ${name}`, () => describeCommand(its, name, command));
  }
}

function describeCommand(its: FeatureTest, name: string, command: Command): void {
  let record: RecordJson;
  let body: Body;
  const post = (sent: Body, headers = {}) => its.writer.post(`${its.at(record)}/${name}`, sent, headers);

  beforeEach(async () => {
    record = await its.create();
    for (const change of command.before ?? []) {
      record = (await its.writer.patch(its.at(record), change)).body.data as RecordJson;
    }
    body = await bodyOfCommand(its.feature, command, its.makers());
  });

  it('answers the record, with what it was given', async () => {
    const { outcome, headers, body: answer } = await post(body);
    expect([outcome, headers['etag']]).toEqual(['200', `"${record.version + 1}"`]);
    expect(answer.data).toMatchObject({ ...body, id: record.id, version: record.version + 1 });
    expect(await its.read(record)).toEqual(answer.data);
  });

  it('honours If-Match', async () => {
    expect((await post(body, { 'if-match': '"99"' })).outcome).toBe('412 PRECONDITION_FAILED');
    expect(await its.read(record)).toEqual(record);
    expect((await post(body, { 'if-match': `"${record.version}"` })).outcome).toBe('200');
  });

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
