import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { answeredFor, type Body, codeOf, fieldsOf, type RecordJson } from './feature-bodies.js';
import { expectFault, type FeatureTest, outcomesOf } from './feature-test.js';
import type { Answer } from './test-client.js';

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const NOWHERE = { id: 'f'.repeat(24) };

/** Exact numbers as they are answered, and nothing of the keys by which lists are sorted and searched. */
function plainly(key: string, value: unknown): unknown {
  if (/^_(?!id$)/.test(key)) return undefined;
  return (value as { $numberDecimal?: unknown } | null)?.$numberDecimal ?? value;
}

/** Creating, reading, replacing, changing and deleting: what is answered, and what is stored. */
export function describeRoutes(its: FeatureTest): void {
  const { feature } = its;
  const { resource, shared } = feature;
  const missing = `404 ${codeOf(resource)}_NOT_FOUND`;

  /** Expects the record that a body makes, with its envelope and ETag. */
  function expectRecord(answer: Answer, status: number, body: Body, version = 1): RecordJson {
    const { headers } = answer;
    expect(answer.outcome).toBe(String(status));
    expect([headers['etag'], headers['content-type']]).toEqual([
      `"${version}"`,
      'application/json; charset=utf-8',
    ]);
    expect(answer.body).toEqual({
      success: true,
      data: {
        id: expect.stringMatching(/^[0-9a-f]{24}$/),
        ...(!shared && { ownerId: its.writer.userId, createdBy: its.writer.userId }),
        ...answeredFor(feature, body),
        version,
        createdAt: expect.stringMatching(TIME),
        updatedAt: expect.stringMatching(TIME),
      },
    });
    return answer.body.data as RecordJson;
  }

  /** Expects the database to hold what was answered, without what is null; encrypted fields in another form. */
  async function expectStored({ id, ...answered }: RecordJson): Promise<void> {
    const stored = (await its.stored({ id })) ?? {};
    const plain = JSON.parse(JSON.stringify(stored), plainly) as Body;
    const present = Object.entries(answered).filter(([, value]) => value !== null);
    const encrypted = fieldsOf(feature).filter(([, field]) => field.ref === undefined && field.encrypted);
    const unreadable = encrypted
      .filter(([name]) => answered[name] !== null)
      .map(([name]) => [name, expect.not.stringContaining(String(answered[name]))]);
    expect(plain).toEqual({ _id: id, ...Object.fromEntries(present), ...Object.fromEntries(unreadable) });
    for (const [name, value] of present) {
      if (typeof value === 'string' && TIME.test(value))
        expect([name, stored[name]]).toEqual([name, new Date(value)]);
    }
    for (const [name, { ref }] of fieldsOf(feature)) {
      if (ref !== undefined)
        expect(stored[name] ?? null).toEqual(answered[name] && new Types.ObjectId(String(answered[name])));
    }
  }

  describe('POST', () => {
    it.each(['minimal', 'full'] as const)(
      'creates from a %s body, as it is stored and read',
      async (kind) => {
        const body = await its[kind]();
        const record = expectRecord(await its.writer.post(feature.path, body), 201, body);
        expect(record.updatedAt).toBe(record.createdAt);
        expect(Math.abs(Date.now() - Date.parse(record.createdAt))).toBeLessThan(60_000);
        await expectStored(record);
        expect(expectRecord(await its.writer.get(its.at(record)), 200, body)).toEqual(record);
      },
    );

    it('creates once for an Idempotency-Key', async () => {
      const [body, other] = [await its.full(), await its.full()];
      const headers = { 'idempotency-key': randomUUID() };
      const before = await its.collection.countDocuments();
      const first = await its.writer.post(feature.path, body, headers);
      const again = await its.writer.post(feature.path, body, headers);
      expect(outcomesOf([first, again])).toEqual(['201', '201']);
      expect([first, again].map(({ headers: answered }) => answered['idempotency-replayed'])).toEqual([
        undefined,
        'true',
      ]);
      expect(again.body).toEqual(first.body);
      expect(await its.collection.countDocuments()).toBe(before + 1);
      const reused = await its.writer.post(feature.path, other, headers);
      expect(reused.outcome).toBe('422 IDEMPOTENCY_KEY_REUSED');
    });
  });

  describe('GET', () => {
    it('answers 304 to who has the version', async () => {
      const record = await its.create();
      const known = await its.writer.get(its.at(record), { 'if-none-match': '"1"' });
      expect([known.status, known.text]).toEqual([304, '']);
      expect((await its.writer.get(its.at(record), { 'if-none-match': '"2"' })).body.data).toEqual(record);
    });
  });

  describe('PUT', () => {
    it('replaces every field', async () => {
      const record = await its.create(await its.full());
      const body = await its.full();
      const replaced = expectRecord(await its.writer.put(its.at(record), body), 200, body, 2);
      expect([replaced.id, replaced.createdAt]).toEqual([record.id, record.createdAt]);
      await expectStored(replaced);
      expect(await its.read(record)).toEqual(replaced);
    });

    it('resets what is not sent', async () => {
      const record = await its.create(await its.full());
      const body = await its.minimal();
      const replaced = expectRecord(await its.writer.put(its.at(record), body), 200, body, 2);
      await expectStored(replaced);
      expect(await its.read(record)).toEqual(replaced);
    });
  });

  describe('PATCH', () => {
    it.each(Object.keys(feature.fields))('changes %s and keeps the rest', async (name) => {
      const body = await its.full();
      const record = await its.create(body);
      const change = { [name]: (await its.full())[name] };
      const changed = expectRecord(
        await its.writer.patch(its.at(record), change),
        200,
        { ...body, ...change },
        2,
      );
      await expectStored(changed);
      expect(await its.read(record)).toEqual(changed);
    });

    it('of nothing keeps everything', async () => {
      const body = await its.full();
      const record = await its.create(body);
      const changed = expectRecord(await its.writer.patch(its.at(record), {}), 200, body, 2);
      expect(await its.read(record)).toEqual(changed);
    });
  });

  describe('DELETE', () => {
    it('removes the record, once', async () => {
      const [record, kept] = [await its.create(), await its.create()];
      const { outcome, body } = await its.writer.delete(its.at(record));
      const name = resource.charAt(0).toUpperCase() + resource.slice(1);
      expect([outcome, body]).toEqual(['200', { success: true, message: `${name} deleted` }]);
      const after = [await its.writer.get(its.at(record)), await its.writer.delete(its.at(record))];
      expect(outcomesOf(after)).toEqual([missing, missing]);
      expect(after[0]?.body.error).toBe(`${name} not found`);
      expect(await its.stored(record)).toBeNull();
      expect(await its.read(kept)).toEqual(kept);
    });
  });

  describe.each(['GET', 'PUT', 'PATCH', 'DELETE'])('%s of one', (method) => {
    const send = async (record: { id: string }) => {
      const body = method.startsWith('P') ? await its.full() : undefined;
      return its.writer.send(method, its.at(record), body);
    };

    it('answers 404 where there is none', async () => {
      expect((await send(NOWHERE)).outcome).toBe(missing);
    });

    it('answers 400 for what is no id', async () => {
      expectFault(await send({ id: 'zzz' }), 'id');
    });
  });

  if (!shared) {
    it('leaves nothing behind when its owner is deleted', async () => {
      const owner = await its.newWriter();
      const owned = () => its.collection.countDocuments({ ownerId: new Types.ObjectId(owner.userId) });
      await its.create(await its.full(owner), owner);
      expect(await owned()).toBeGreaterThan(0);
      expect((await its.admin.delete(`/api/v1/users/${owner.userId}`)).status).toBe(200);
      expect(await owned()).toBe(0);
    });
  }
}
