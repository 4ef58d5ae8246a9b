import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { codeOf, type RecordJson } from './feature-bodies.js';
import { expectFault, type FeatureTest, idsOf, outcomesOf } from './feature-test.js';
import type { TestClient } from './test-client.js';

interface Result {
  readonly status: number;
  readonly data?: RecordJson | null;
  readonly code?: string;
  readonly details?: readonly { readonly path: string }[];
}

const NOWHERE = 'f'.repeat(24);

/** Several things that one request does. */
export function describeBatch(its: FeatureTest): void {
  const { feature } = its;
  if (!feature.batch) return;
  const path = `${feature.path}/batch`;
  const missing = `${codeOf(feature.resource)}_NOT_FOUND`;

  describe('a batch', () => {
    const send = (operations: readonly object[], more: object = {}, client = its.writer) =>
      client.post(path, { operations, ...more });
    const post = async (client?: TestClient) => ({ method: 'POST', body: await its.full(client) });
    const statusesOf = (results: readonly Result[]) =>
      results.map(({ status, code }) => (code === undefined ? String(status) : `${status} ${code}`));
    /** An unknown field is wrong in every feature. */
    const bad = { method: 'POST', body: { $nothing: 1 } };
    const all = async (client: TestClient) => idsOf(await its.walk(client, { limit: '100' }));

    it('creates, replaces, changes and deletes in its order, and answers as each would by itself', async () => {
      const [first, second, third] = [await its.create(), await its.create(), await its.create()];
      const replacing = await its.full();
      const answer = await send([
        await post(),
        { method: 'PUT', id: first.id, body: replacing },
        { method: 'PATCH', id: second.id, body: {}, ifMatch: '"1"' },
        { method: 'PATCH', id: second.id, body: {}, ifMatch: '"2"' },
        { method: 'DELETE', id: third.id },
      ]);
      const results = answer.body.data as Result[];
      expect([answer.outcome, statusesOf(results)]).toEqual(['200', ['201', '200', '200', '200', '200']]);
      const [created, replaced, , changed, removed] = results.map(({ data }) => data);
      expect(created).toEqual(await its.read(created as RecordJson));
      expect(replaced).toEqual(await its.read(first));
      expect(replaced).toMatchObject({ id: first.id, version: 2 });
      expect(changed).toEqual(await its.read(second));
      expect([changed?.version, removed]).toEqual([3, null]);
      expect((await its.writer.get(its.at(third))).outcome).toBe(`404 ${missing}`);
    });

    it.each<[string, (record: RecordJson) => object, string, string]>([
      ['a body that is refused', () => bad, '400 VALIDATION_ERROR', 'operations.1.body.$nothing'],
      [
        'a record that is not there',
        () => ({ method: 'DELETE', id: NOWHERE }),
        `404 ${missing}`,
        'operations.1.id',
      ],
      [
        'a version that has moved on',
        ({ id }) => ({ method: 'PATCH', id, body: {}, ifMatch: '"7"' }),
        '412 PRECONDITION_FAILED',
        'operations.1.ifMatch',
      ],
      [
        'an ifMatch that is none',
        ({ id }) => ({ method: 'PATCH', id, body: {}, ifMatch: '7' }),
        '400 VALIDATION_ERROR',
        'operations.1.ifMatch',
      ],
    ])('does nothing at all for %s', async (_, operation, outcome, at) => {
      const record = await its.create();
      const before = await all(its.writer);
      const refused = await send([
        { method: 'PATCH', id: record.id, body: {} },
        operation(record),
        await post(),
        bad,
      ]);
      expect([refused.outcome, refused.body.details[0].path]).toEqual([outcome, at]);
      expect(await its.read(record)).toEqual(record);
      expect(await all(its.writer)).toEqual(before);
    });

    it('does each by itself where that is asked for', async () => {
      const record = await its.create();
      const { outcome, body } = await send(
        [
          bad,
          { method: 'PATCH', id: record.id, body: {} },
          { method: 'PATCH', id: NOWHERE, body: {} },
          { method: 'PATCH', id: record.id, body: {}, ifMatch: '"1"' },
          await post(),
        ],
        { atomic: false },
      );
      const results = body.data as Result[];
      expect([outcome, statusesOf(results)]).toEqual([
        '200',
        ['400 VALIDATION_ERROR', '200', `404 ${missing}`, '412 PRECONDITION_FAILED', '201'],
      ]);
      expect(results[0]?.details?.[0]?.path).toBe('operations.0.body.$nothing');
      expect((await its.read(record)).version).toBe(2);
    });

    it.each<[string, unknown, string]>([
      ['no operation', [], 'operations'],
      [
        'more than a hundred',
        Array.from({ length: 101 }, () => ({ method: 'DELETE', id: NOWHERE })),
        'operations',
      ],
      ['what is no list', {}, 'operations'],
      ['another method', [{ method: 'GET', id: NOWHERE }], 'operations.0.method'],
      ['an id of what is to be created', [{ method: 'POST', id: NOWHERE, body: {} }], 'operations.0.id'],
      ['what is no id', [{ method: 'DELETE', id: 'x' }], 'operations.0.id'],
      ['a change of nobody knows what', [{ method: 'PATCH', body: {} }], 'operations.0.id'],
      ['a change without a body', [{ method: 'PUT', id: NOWHERE }], 'operations.0.body'],
      ['a deletion with a body', [{ method: 'DELETE', id: NOWHERE, body: {} }], 'operations.0.body'],
      ['a field that nobody knows', [{ method: 'DELETE', id: NOWHERE, why: 1 }], 'operations.0.why'],
    ])('is refused with %s', async (_, operations, at) => {
      for (const atomic of [true, false]) {
        expectFault(await its.writer.post(path, { operations, atomic }), at);
      }
    });

    it('is done once for each Idempotency-Key, and answered again as it was', async () => {
      for (const atomic of [true, false]) {
        const writer = await its.newList();
        const operations = [await post(writer), await post(writer), ...(atomic ? [] : [bad])];
        const keyed = writer.with({ 'idempotency-key': randomUUID() });
        const answers = await Promise.all(
          Array.from({ length: 6 }, () => send(operations, { atomic }, keyed)),
        );
        const done = answers.filter(({ status }) => status === 200);
        const others = answers.filter(({ status }) => status !== 200);
        expect(outcomesOf(others)).toEqual(others.map(() => '409 IDEMPOTENCY_IN_PROGRESS'));
        const again = await send(operations, { atomic }, keyed);
        expect([again.outcome, again.headers['idempotency-replayed']]).toEqual(['200', 'true']);
        for (const answer of done) expect(answer.body).toEqual(again.body);
        expect(await its.walk(writer, { limit: '1' })).toHaveLength(2);
        // What has become of the records since does not matter.
        await writer.delete(its.at((again.body.data as Result[])[0]?.data as RecordJson));
        expect((await send(operations, { atomic }, keyed)).body).toEqual(again.body);
        expect((await send([...operations, bad], { atomic }, keyed)).outcome).toBe(
          '422 IDEMPOTENCY_KEY_REUSED',
        );
      }
    });

    it('goes on where it was cut off when it is sent again, and does nothing twice', async () => {
      const writer = await its.newList();
      const operations = [await post(writer), bad, await post(writer)];
      const keyed = writer.with({ 'idempotency-key': randomUUID() });
      const { body } = await send(operations, { atomic: false }, keyed);
      const keys = its.test.connection.collection('idempotency_keys');
      // What was kept last: the outcome of the whole, and of the third operation. That is done again.
      const last = await keys.find({}).sort({ $natural: -1 }).limit(2).toArray();
      await keys.deleteMany({ _id: { $in: last.map(({ _id }) => _id) } });
      const [newest] = await its.collection.find({}).sort({ $natural: -1 }).limit(1).toArray();
      if (newest) await its.collection.deleteOne({ _id: newest._id });
      const { body: again, headers } = await send(operations, { atomic: false }, keyed);
      expect(statusesOf(again.data as Result[])).toEqual(statusesOf(body.data as Result[]));
      // It is another answer.
      expect(headers['idempotency-replayed']).toBeUndefined();
      const [first, , third] = again.data as Result[];
      expect(idsOf(await its.walk(writer, { limit: '100' }))).toEqual([third?.data?.id, first?.data?.id]);
      expect(first).toEqual((body.data as Result[])[0]);
    });

    it('counts every change of a record that several change at once', async () => {
      const record = await its.create();
      const operations = [
        { method: 'PATCH', id: record.id, body: {} },
        { method: 'PATCH', id: record.id, body: {} },
      ];
      const answers = await Promise.all(Array.from({ length: 6 }, () => send(operations)));
      const done = answers.filter(({ status }) => status === 200);
      expect(done.length).toBeGreaterThan(0);
      expect((await its.read(record)).version).toBe(1 + 2 * done.length);
    });

    it(`does to records of others ${feature.shared ? 'what administrators may' : 'nothing, but for administrators'}`, async () => {
      const record = await its.create();
      const operations = [
        { method: 'PATCH', id: record.id, body: {} },
        { method: 'DELETE', id: record.id },
      ];
      const [user, moderator, nobody] = [
        await send(operations, {}, its.user),
        await send(operations, {}, its.moderator),
        await send(operations, {}, its.test.anonymous),
      ];
      const refused = feature.shared ? '403 FORBIDDEN' : `404 ${missing}`;
      expect(outcomesOf([user, moderator, nobody])).toEqual([refused, refused, '401 UNAUTHENTICATED']);
      expect(await its.read(record)).toEqual(record);
      expect((await send(operations, {}, its.admin)).outcome).toBe('200');
    });
  });
}
