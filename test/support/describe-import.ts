import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { type Body, fieldsOf, type RecordJson } from './feature-bodies.js';
import { type FeatureTest, idsOf, UNKNOWN_FIELD } from './feature-test.js';
import type { Answer, TestClient } from './test-client.js';

const CSV = { 'content-type': 'text/csv' };
const NDJSON = { 'content-type': 'application/x-ndjson' };

type Headers = Readonly<Record<string, string>>;

interface Result {
  readonly rows: number;
  readonly created: number;
  readonly refused: readonly { readonly line: number; readonly path: string; readonly message: string }[];
  readonly more: number;
}

/** What an import has come to, once it is over. */
export async function importedBy(client: TestClient, { outcome, body, headers }: Answer): Promise<Result> {
  const path = `/api/v1/executions/${body.data.id}`;
  expect([outcome, headers['location']]).toEqual(['202', path]);
  const { data } = (await client.get(`${path}?wait=30`)).body;
  expect([data.status, data.error]).toEqual(['succeeded', null]);
  return data.result as Result;
}

/** The rows of a file become records. */
export function describeImport(its: FeatureTest): void {
  const { feature } = its;
  if (!feature.import) return;
  const path = `${feature.path}/import`;
  const sent = fieldsOf(feature).filter(([, { server }]) => !server);
  const linesOf = (bodies: readonly unknown[]) => bodies.map((body) => `${JSON.stringify(body)}\n`).join('');
  const send = (client: TestClient, text: string | Buffer, headers: Headers = NDJSON, query = '') =>
    client.post(`${path}${query}`, text, headers);

  describe('an import', () => {
    /** What a client sends of a record. */
    const sendable = (record: Body) => Object.fromEntries(sent.map(([name]) => [name, record[name]]));

    it('creates a record of each row, as an export has them', async () => {
      const owner = await its.newList();
      await its.create({}, owner);
      await its.create(await its.full(owner), owner);
      const listed = await its.walk(owner, { limit: '100' });
      const ofServer = Object.keys(listed[0] ?? {}).filter((name) => !sent.some(([each]) => each === name));
      const exported = async (format: string): Promise<string> =>
        feature.export ? (await owner.get(`${feature.path}/export?format=${format}`)).text : linesOf(listed);
      const files: readonly (readonly [string, Headers])[] = [
        ...(feature.export ? ([[await exported('csv'), CSV]] as const) : []),
        [await exported('ndjson'), NDJSON],
      ];
      for (const [text, type] of files) {
        const ids = idsOf(await its.walk(owner, { limit: '100' })).map((id) => new Types.ObjectId(id));
        await its.collection.deleteMany({ _id: { $in: ids } });
        const answer = await send(owner, text, type, `?ignore=${ofServer.join(',')}`);
        expect(await importedBy(owner, answer)).toEqual({ rows: 2, created: 2, refused: [], more: 0 });
        const now = (await its.walk(owner, { limit: '100' })).map(sendable);
        expect(now).toHaveLength(2);
        expect(now).toEqual(expect.arrayContaining(listed.map(sendable)));
      }
    });

    it('refuses names of fields that nobody knows, or that only the server sets, before anything is done', async () => {
      const bodies = [{ ...(await its.full()), $nothing: 1, id: 'x' }];
      const names = Object.keys(bodies[0] ?? {});
      const table = `${names.join(',')}\r\n`;
      for (const [text, type] of [[linesOf(bodies), NDJSON] as const, [table, CSV] as const]) {
        const { outcome, body } = await send(its.writer, text, type);
        expect([outcome, body.details]).toEqual([
          '400 VALIDATION_ERROR',
          [
            { path: '$nothing', message: UNKNOWN_FIELD },
            { path: 'id', message: expect.stringContaining('is set by the server only') },
          ],
        ]);
      }
    });

    it('says which rows it refuses, as creating them by themselves would', async () => {
      const writer = await its.newList();
      const unknown = { ...(await its.full(writer)), $nothing: 1 };
      const text = `${linesOf([await its.full(writer)])}\nno JSON\n${linesOf([unknown, await its.full(writer)])}`;
      const result = await importedBy(writer, await send(writer, text));
      expect(result).toMatchObject({ rows: 4, created: 2, more: 0 });
      expect(result.refused).toEqual([
        { line: 3, path: '', message: 'The row is not valid JSON' },
        { line: 4, path: '$nothing', message: UNKNOWN_FIELD },
      ]);
      expect(await its.walk(writer, { limit: '100' })).toHaveLength(2);
    });

    if (fieldsOf(feature).some(([, { unique }]) => unique)) {
      it('refuses what is taken, and creates the rows around it', async () => {
        const writer = await its.newList();
        const bodies = [await its.full(writer), await its.full(writer), await its.full(writer)];
        const twice = [bodies[0], bodies[0], bodies[1], bodies[1], bodies[1], bodies[2]];
        expect((await writer.post(feature.path, bodies[0])).status).toBe(201);
        const { created, refused } = await importedBy(writer, await send(writer, linesOf(twice)));
        expect([created, refused.map(({ line }) => line)]).toEqual([2, [1, 2, 4, 5]]);
        expect(await its.walk(writer, { limit: '100' })).toHaveLength(3);
      });
    }

    it('is started once for each Idempotency-Key', async () => {
      const writer = await its.newList();
      const keyed = writer.with({ 'idempotency-key': randomUUID() });
      const text = linesOf([await its.full(writer)]);
      const answers = await Promise.all(Array.from({ length: 4 }, () => send(keyed, text)));
      const first = answers.find(({ status }) => status === 202);
      const again = await send(keyed, text);
      expect([again.outcome, again.headers['idempotency-replayed'], again.body]).toEqual([
        '202',
        'true',
        first?.body,
      ]);
      await importedBy(writer, again);
      expect(await its.walk(writer, { limit: '100' })).toHaveLength(1);
      expect((await send(keyed, `${text}\n`)).outcome).toBe('422 IDEMPOTENCY_KEY_REUSED');
    });

    it(`is for who may create${feature.shared ? '' : ', and what it creates is theirs'}`, async () => {
      const text = linesOf([await its.full()]);
      expect((await send(its.test.anonymous, text)).outcome).toBe('401 UNAUTHENTICATED');
      expect((await send(its.writer, text, { 'content-type': 'text/plain' })).outcome).toBe(
        '415 UNSUPPORTED_MEDIA_TYPE',
      );
      if (feature.shared) {
        expect((await send(its.user, text)).outcome).toBe('403 FORBIDDEN');
      } else {
        const owner = await its.newList();
        await importedBy(owner, await send(owner, linesOf([await its.full(owner)])));
        const [record] = await its.walk(owner, { limit: '1' });
        expect(record?.ownerId).toBe(owner.userId);
        expect((await its.user.get(its.at(record as RecordJson))).status).toBe(404);
      }
    });
  });
}
