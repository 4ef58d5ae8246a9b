import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ModulesContainer } from '@nestjs/core';
import { Types } from 'mongoose';
import { SYSTEM, type UserId } from '../src/platform/access/caller.js';
import { requireNeededModules } from '../src/platform/errors/needed-modules.js';
import { ImportParts, type Row } from '../src/platform/imports/import-parts.js';
import { beforeContact, CONTACTS, CONTACTS_MODULE, ImportContacts } from './support/contacts.js';
import { describeExecutor } from './support/describe-executor.js';
import { importedBy } from './support/describe-import.js';
import { EngineLab } from './support/executions.js';
import { expectFault } from './support/feature-test.js';
import { FILES, FORM_TYPE, formOf } from './support/forms.js';
import { eventually } from './support/mails.js';
import { addToApp } from './support/nest-lab.js';
import { IS_SOAK, soaked } from './support/soak.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';

const IMPORT = `${CONTACTS}/import`;
const CSV = { 'content-type': 'text/csv; charset=utf-8' };
const NDJSON = { 'content-type': 'application/x-ndjson' };
const MIB = 1024 * 1024;
addToApp(CONTACTS_MODULE);

/** So many rows, each with a code of its own. */
const tableOf = (count: number, from = 0): string =>
  ['code,note', ...Array.from({ length: count }, (_, n) => `c${from + n},row ${n}`)].join('\r\n');

/** Some rows in several parts, since they are long, with codes that no other call has. */
async function* longRows(count: number): AsyncGenerator<Row> {
  const run = randomUUID().slice(0, 8);
  for (let n = 0; n < count; n++) {
    yield { line: n + 1, text: JSON.stringify({ code: `${run} ${n}` }) + ' '.repeat(60_000) };
  }
}

describe('imports', () => {
  let test: TestApp;
  let owner: TestClient;
  const stored = (client: TestClient) =>
    test.connection.collection('contacts').find({ ownerId: new Types.ObjectId(client.userId) });
  const parts = () => test.connection.collection('import_parts');
  const send = (text: string | Buffer, headers: Readonly<Record<string, string>> = CSV, client = owner) =>
    client.post(IMPORT, text, headers);

  beforeAll(async () => {
    test = await createTestApp();
    owner = await test.anonymous.signIn();
  });
  afterEach(() => {
    beforeContact.act = () => undefined;
  });
  afterAll(() => test.close());

  it('read a table as spreadsheets and exports write it', async () => {
    const client = await test.anonymous.signIn();
    const table = [
      '\uFEFFcode,note,age',
      'a,"with ""quotes"", a comma and',
      'a second line",1',
      '',
      `b,"'=1+1",2.0`,
      'c,"",',
      'd,,007',
      'e,x',
    ].join('\r\n');
    const result = await importedBy(client, await send(table, CSV, client));
    expect(result).toEqual({
      rows: 5,
      created: 3,
      more: 0,
      refused: [
        { line: 7, path: 'age', message: 'age must be an integer number' },
        { line: 8, path: '', message: 'The row has 2 cells, and the table 3 columns' },
      ],
    });
    const found = await stored(client).sort({ code: 1 }).toArray();
    expect(found.map(({ code, note, age }) => [code, note, age])).toEqual([
      ['a', 'with "quotes", a comma and\r\na second line', 1],
      ['b', '=1+1', 2],
      ['c', '', undefined],
    ]);
  });

  it.each<[string, string | Buffer, string, RegExp]>([
    ['nothing', '', '', /must begin with a line of the names/],
    ['empty lines', '\n\n', '', /must begin with a line of the names/],
    ['semicolons', 'code;note\na;b\n', 'code;note', /commas stand between columns/],
    ['a column twice', 'code,code\n', 'code', /is there twice/],
    ['a column without a name', 'code,\n', 'column 2', /has no name/],
    ['no column of what is required', 'note\n', 'code', /code is required/],
    ['a column of an object that is none', 'code,code.x\n', 'code.x', /is not a known field/],
    ['a column of every object', 'code,constructor\n', 'constructor', /is not a known field/],
    ['a quote that is not closed', 'code\n"a\nb\n', '', /in line 2 is no CSV/],
    ['a quote within a cell', 'code\na\nb"c\n', '', /in line 3 is no CSV/],
    ['a row of 10 MB', `code\n${'x'.repeat(10 * MIB)}\n`, '', /in line 2 has more than 65536 bytes/],
    ['bytes that are no text', Buffer.from([0x61, 0xff, 0x0a]), '', /must be UTF-8/],
    ['UTF-16', Buffer.from('\uFEFFcode\na\n', 'utf16le'), '', /must be UTF-8/],
    ['NUL', 'code\na\0b\n', '', /NUL/],
  ])('refuse a table of %s', async (_, text, path, message) => {
    const before = await parts().countDocuments({});
    const answer = await send(text);
    const fault = { path, message: expect.stringMatching(message) as unknown };
    expect([answer.outcome, answer.body.details]).toEqual(['400 VALIDATION_ERROR', [fault]]);
    expect(await parts().countDocuments({})).toBe(before);
  });

  it('refuse lines of JSON that are too long, none at all, other types, and too much', async () => {
    expectFault(await send(`{"code":"${'x'.repeat(70_000)}"}`, NDJSON), '');
    expectFault(await send(' \n', NDJSON), '');
    expect((await send('code\n', { 'content-type': 'text/csv; charset=latin1' })).outcome).toBe(
      '415 UNSUPPORTED_MEDIA_TYPE',
    );
    expect((await send('code\n', { 'content-type': 'text/plain' })).outcome).toBe(
      '415 UNSUPPORTED_MEDIA_TYPE',
    );
    expect((await send(`code\n${'x\n'.repeat(8.5 * MIB)}`)).outcome).toBe('413 PAYLOAD_TOO_LARGE');
    expectFault(await owner.post(IMPORT), 'fileId', 'fileId is required');
    expect((await owner.post(IMPORT, '{')).outcome).toBe('400 MALFORMED_JSON');
    expect((await owner.post(IMPORT, { fileId: 'x'.repeat(2_000) })).outcome).toBe('413 PAYLOAD_TOO_LARGE');
    expectFault(await owner.post(IMPORT, { fileId: 'x' }), 'fileId');
    expectFault(await owner.post(`${IMPORT}?columns=a`, 'code\n', CSV), 'columns');
  });

  it('come to nothing where there are no rows', async () => {
    expect(await importedBy(owner, await send('code,note\r\n'))).toEqual({
      rows: 0,
      created: 0,
      refused: [],
      more: 0,
    });
  });

  it('refuse rows of JSON by the rules of bodies, and tell a hundred faults', async () => {
    const client = await test.anonymous.signIn();
    const lines = [
      '{"code":"ok"}',
      '[]',
      '{"code":"x","age":9007199254740993}',
      '{"code":"y","__proto__":{}}',
    ];
    const { refused } = await importedBy(client, await send(lines.join('\n'), NDJSON, client));
    expect(refused).toEqual([
      { line: 2, path: '', message: 'must be a JSON object' },
      { line: 3, path: 'age', message: 'age must not be an integer beyond ±9007199254740991' },
      { line: 4, path: '__proto__', message: 'is not a known field' },
    ]);
    const result = await importedBy(client, await send(`code\n${',\n'.repeat(300)}`, CSV, client));
    expect([result.created, result.refused.length, result.more]).toEqual([0, 100, 200]);
  });

  it('take a file that the caller may read, and nobody else’s', async () => {
    const client = await test.anonymous.signIn();
    const upload = async (name: string, text: string): Promise<string> => {
      const { body } = await client.send('POST', FILES, formOf(name, text), FORM_TYPE);
      return body.data.id as string;
    };
    const fileId = await upload('rows.csv', tableOf(3));
    const keyed = client.with({ 'idempotency-key': randomUUID() });
    const answer = await keyed.post(IMPORT, { fileId });
    expect(await importedBy(client, answer)).toMatchObject({ rows: 3, created: 3 });
    const again = await keyed.post(IMPORT, `{ "fileId": "${fileId}" }`);
    expect([again.body, again.headers['idempotency-replayed']]).toEqual([answer.body, 'true']);
    const lines = await upload('rows.jsonl', '{"code":"of a line"}\n');
    expect(await importedBy(client, await client.post(IMPORT, { fileId: lines }))).toMatchObject({
      created: 1,
    });
    const may = 'fileId must be the id of a file that you may read, whose upload is completed';
    expectFault(await owner.post(IMPORT, { fileId }), 'fileId', may);
    expectFault(await client.post(IMPORT, { fileId: 'f'.repeat(24) }), 'fileId', may);
    expectFault(await client.post(IMPORT, { fileId: await upload('a.txt', 'words') }), 'fileId');
    const moderator = await test.anonymous.signIn('admin');
    expect(await importedBy(moderator, await moderator.post(IMPORT, { fileId }))).toMatchObject({
      created: 3,
    });
  });

  it('keep no row that can be read, and none at all once its record is there', async () => {
    const client = await test.anonymous.signIn();
    let kept: unknown;
    beforeContact.act = async () => {
      kept ??= await parts().findOne({ ownerId: new Types.ObjectId(client.userId) });
    };
    await importedBy(client, await send('code,note\nc1,a secret word\n', CSV, client));
    expect(kept).toMatchObject({ rows: expect.any(String), done: 0 });
    expect(JSON.stringify(kept)).not.toContain('secret');
    const [left] = await parts()
      .find({ ownerId: new Types.ObjectId(client.userId) })
      .toArray();
    expect(left).toMatchObject({ done: 1, created: 1 });
    expect(left).not.toHaveProperty('rows');
  });

  it('create each record once, of two that have the same rows at the same time', async () => {
    const client = await test.anonymous.signIn();
    const answers = await Promise.all([send(tableOf(120), CSV, client), send(tableOf(120), CSV, client)]);
    const results = await Promise.all(answers.map((answer) => importedBy(client, answer)));
    expect(results.reduce((sum, { created }) => sum + created, 0)).toBe(120);
    expect(results.reduce((sum, { refused, more }) => sum + refused.length + more, 0)).toBe(120);
    expect(await stored(client).toArray()).toHaveLength(120);
  });

  it('go on where something failed that is not the fault of a row', async () => {
    const client = await test.anonymous.signIn();
    let failed = 0;
    beforeContact.act = ({ code }) => {
      if (code === 'c120' && failed++ === 0) throw new Error('The network is away');
    };
    const result = await importedBy(client, await send(tableOf(200), CSV, client));
    expect([failed, result]).toEqual([2, { rows: 200, created: 200, refused: [], more: 0 }]);
  });

  it('are cancelled between two transactions', async () => {
    const client = await test.anonymous.signIn();
    let cancelled = '';
    let id = '';
    beforeContact.act = async ({ code }) => {
      if (code !== 'c60' || cancelled !== '') return;
      cancelled = (await client.post(`/api/v1/executions/${id}/cancel`)).outcome;
    };
    await send(tableOf(400), CSV, client).then(({ body }) => (id = body.data.id as string));
    const { data } = (await client.get(`/api/v1/executions/${id}?wait=30`)).body;
    expect([cancelled, data.status]).toEqual(['200', 'cancelled']);
    expect([50, 100]).toContain((await stored(client).toArray()).length);
  });

  it('wait while their user is disabled, and then go on', async () => {
    const client = await test.anonymous.signIn();
    const admin = await test.anonymous.signIn('admin');
    const disable = (disabled: boolean) => admin.patch(`/api/v1/users/${client.userId}`, { disabled });
    let isDisabled = false;
    beforeContact.act = async ({ code }) => {
      if (code !== 'c10' || isDisabled) return;
      isDisabled = true;
      expect((await disable(true)).outcome).toBe('200');
    };
    const { body } = await send(tableOf(300), CSV, client);
    const path = `/api/v1/executions/${body.data.id}`;
    await eventually(async () => (await admin.get(path)).body.data.status !== 'running');
    expect((await stored(client).toArray()).length).toBe(250);
    await disable(false);
    EngineLab.of(test).advance(120_000);
    const over = await eventually(async () => {
      const { data } = (await admin.get(path)).body;
      return data.status === 'succeeded' && (data.result as object);
    }, 30_000);
    expect(over).toEqual({ rows: 300, created: 300, refused: [], more: 0 });
    expect((await stored(client).toArray()).length).toBe(300);
  });

  const many = IS_SOAK ? soaked(100_000) : 400;
  it(`create ${many} records, and say how far they are`, async () => {
    const client = await test.anonymous.signIn();
    const { body } = await send(tableOf(many), CSV, client);
    const path = `/api/v1/executions/${body.data.id}`;
    const over = await eventually(async () => {
      const { data } = (await client.get(`${path}?wait=30`)).body;
      return data.status === 'succeeded' && (data as object);
    }, 900_000);
    expect(over).toMatchObject({
      result: { rows: many, created: many, refused: [], more: 0 },
      progress: { done: many, of: many, text: 'Rows' },
    });
    expect(await stored(client).count()).toBe(many);
  }, 900_000);

  if (IS_SOAK) {
    it('refuse more rows than that', async () => {
      const { body } = await send(`code\n${'a\n'.repeat(100_001)}`);
      expect(body.details).toEqual([{ path: '', message: 'There are more than 100000 rows' }]);
      expect(await parts().countDocuments({ ownerId: new Types.ObjectId(owner.userId), done: 0 })).toBe(0);
    }, 120_000);
  }

  it('need the parts of the product that they are made of', () => {
    const modules = [...test.app.get(ModulesContainer).values()];
    const names = modules.map(({ name }) => name);
    for (const name of ['ImportsModule', 'ExecutionsModule']) {
      const without = new Set(names.filter((each) => each !== name));
      expect(() => requireNeededModules(without)).toThrow(
        `resource 'contact' declares import, which needs ${name}: put it into src/app.module.ts`,
      );
    }
  });
});

describeExecutor(ImportContacts, {
  input: async ({ app }) => {
    const owner = new Types.ObjectId().toHexString();
    return { ...(await app.get(ImportParts).keep(owner, longRows(12))), ignore: [] };
  },
  scope: { actor: SYSTEM.actor, owner: { kind: 'user', id: 'a'.repeat(24) as UserId } },
  result: { rows: 12, created: 12, refused: [], more: 0 },
});
