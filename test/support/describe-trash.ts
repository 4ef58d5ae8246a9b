import { describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { codeOf, fieldsOf, type RecordJson } from './feature-bodies.js';
import { expectFault, type FeatureTest, idsOf, outcomesOf } from './feature-test.js';
import type { TestClient } from './test-client.js';
import { USERS } from './users.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const NOWHERE = { id: 'f'.repeat(24) };

/** Deleted records, which can be restored. */
export function describeTrash(its: FeatureTest): void {
  const { feature } = its;
  if (!feature.trash) return;
  const missing = `404 ${codeOf(feature.resource)}_NOT_FOUND`;
  const bin = () => its.test.connection.collection(`${feature.collection}_trash`);
  const restore = (record: Pick<RecordJson, 'id'>, client = its.writer) =>
    client.post(`${its.at(record)}/restore`);
  const purge = (record: Pick<RecordJson, 'id'>, client = its.writer) =>
    client.delete(`${its.at(record)}?permanent=true`);
  const inTrash = async (client: TestClient, query: Readonly<Record<string, string>> = {}) =>
    its.walk(client, { trash: 'true', limit: '2', ...query });

  describe('the trash', () => {
    async function deleted(client = its.writer): Promise<RecordJson> {
      const record = await its.create(await its.full(client), client);
      expect((await client.delete(its.at(record))).outcome).toBe('200');
      return record;
    }

    /** Has it deleted by a process whose clock is ahead, and tells what is later. */
    async function aheadOf({ id }: RecordJson): Promise<string> {
      const trashedAt = new Date(Date.now() + 60_000);
      await bin().updateOne({ _id: new Types.ObjectId(id) }, { $set: { trashedAt } });
      return new Date(trashedAt.getTime() + 1).toISOString();
    }

    it('has what was deleted, as it was, and nothing else has it', async () => {
      const writer = await its.newList();
      if (feature.shared) await bin().deleteMany({});
      const [first, kept, second] = [
        await deleted(writer),
        await its.create({}, writer),
        await deleted(writer),
      ];
      expect(await inTrash(writer)).toEqual([second, first]);
      expect(idsOf(await its.walk(writer, { limit: '100' }))).toEqual([kept.id]);
      expect(idsOf(await its.walk(writer, { trash: 'false', limit: '100' }))).toEqual([kept.id]);
      const body = await its.full(writer);
      const answers = [
        await writer.get(its.at(first)),
        await writer.put(its.at(first), body),
        await writer.patch(its.at(first), {}),
        await writer.delete(its.at(first)),
        await restore(kept, writer),
        await restore(NOWHERE, writer),
        await purge(NOWHERE, writer),
      ];
      expect(outcomesOf(answers)).toEqual(answers.map(() => missing));
      const total = await writer.get(`${feature.path}?trash=true&total=true`);
      expect(total.body.pagination.total).toBe(2);
    });

    it('keeps its cursors to itself', async () => {
      const writer = await its.newList();
      for (let n = 0; n < 2; n++) {
        await deleted(writer);
        await its.create({}, writer);
      }
      const cursorOf = async (query: string) =>
        (await writer.get(`${feature.path}?limit=1${query}`)).body.pagination.nextCursor as string;
      const [live, trashed] = [await cursorOf(''), await cursorOf('&trash=true')];
      const crossed = [
        await writer.get(`${feature.path}?limit=1&trash=true&cursor=${live}`),
        await writer.get(`${feature.path}?limit=1&cursor=${trashed}`),
      ];
      expect(outcomesOf(crossed)).toEqual(['400 INVALID_CURSOR', '400 INVALID_CURSOR']);
    });

    it('gives a record back in its next version', async () => {
      const record = await deleted();
      const updatedAt = await aheadOf(record);
      const { outcome, body, headers } = await restore(record);
      expect([outcome, body.data]).toEqual(['200', { ...record, version: 2, updatedAt }]);
      expect([headers['etag'], await its.read(record)]).toEqual(['"2"', body.data]);
      expect(await bin().countDocuments({ _id: new Types.ObjectId(record.id) })).toBe(0);
      expect((await restore(record)).outcome).toBe(missing);
    });

    it('honours If-Match', async () => {
      const record = await deleted();
      const stale = its.writer.with({ 'if-match': '"7"' });
      const refused = [await restore(record, stale), await purge(record, stale)];
      expect(outcomesOf(refused)).toEqual(['412 PRECONDITION_FAILED', '412 PRECONDITION_FAILED']);
      expect((await restore(record, its.writer.with({ 'if-match': '"1"' }))).outcome).toBe('200');
    });

    it('gives a record back once of several times at once, and removes it once', async () => {
      const record = await deleted();
      const answers = await Promise.all(Array.from({ length: 6 }, () => restore(record)));
      expect(outcomesOf(answers).toSorted()).toEqual(['200', ...Array.from({ length: 5 }, () => missing)]);
      const removed = await Promise.all(Array.from({ length: 6 }, () => its.writer.delete(its.at(record))));
      expect(outcomesOf(removed).toSorted()).toEqual(['200', ...Array.from({ length: 5 }, () => missing)]);
      expect(await bin().countDocuments({ _id: new Types.ObjectId(record.id) })).toBe(1);
    });

    it('loses what is deleted for good, be it there already or not', async () => {
      const [there, live] = [await deleted(), await its.create()];
      expect(outcomesOf([await purge(there), await purge(live)])).toEqual(['200', '200']);
      const answers = [await restore(there), await restore(live), await purge(there), await purge(live)];
      expect(outcomesOf(answers)).toEqual(answers.map(() => missing));
      expect(await its.stored(live)).toBeNull();
      expectFault(await its.writer.delete(`${its.at(live)}?permanent=yes`), 'permanent');
    });

    it('is told of, where somebody keeps what happens', async () => {
      const record = await deleted();
      await restore(record);
      await its.writer.delete(its.at(record));
      const later = await aheadOf(record);
      await purge(record);
      const about = its.collection.collectionName.replaceAll('_', '-');
      const { body } = await its.admin.get(`/api/v1/audit?record=${about}/${record.id}`);
      const told = (body.data ?? []) as { action: string; at: string }[];
      const all = ['deleted', 'deleted', 'restored', 'deleted', 'created'].map((each) => `${about}.${each}`);
      expect([[], all]).toContainEqual(told.map(({ action }) => action));
      expect([undefined, later]).toContain(told[0]?.at);
    });

    it('keeps a record for thirty days', async () => {
      const [old, young] = [await deleted(), await deleted()];
      const age = (record: RecordJson, days: number) =>
        bin().updateOne(
          { _id: new Types.ObjectId(record.id) },
          { $set: { trashedAt: new Date(Date.now() - days * DAY_MS) } },
        );
      await age(old, 30.01);
      await age(young, 29.9);
      const listed = idsOf(await inTrash(its.writer));
      expect([listed.includes(old.id), listed.includes(young.id)]).toEqual([false, true]);
      expect(outcomesOf([await restore(old), await purge(old), await restore(young)])).toEqual([
        missing,
        missing,
        '200',
      ]);
      const removal = (await bin().indexes()).find(({ key }) => 'trashedAt' in key);
      expect(removal?.['expireAfterSeconds']).toBe((30 * DAY_MS) / 1000);
    });

    for (const [name] of fieldsOf(feature).filter(([, field]) => field.unique)) {
      it(`frees the value of ${name}, and asks for it again`, async () => {
        const record = await deleted();
        const another = await its.create({ ...(await its.full()), [name]: record[name] });
        const taken = `409 ${codeOf(feature.resource)}_${codeOf(name)}_TAKEN`;
        expect((await restore(record)).outcome).toBe(taken);
        expect(idsOf(await inTrash(its.writer))).toContain(record.id);
        await its.writer.delete(its.at(another));
        expect((await restore(record)).outcome).toBe('200');
      });
    }

    // Nothing keeps a user from being deleted, and its records go with it.
    const references = fieldsOf(feature).filter(
      ([, { ref, server }]) => ref !== undefined && ref !== USERS && !server,
    );
    for (const [name, { ref }] of references) {
      it(`holds nothing by ${name}, and gives back nothing that leads nowhere`, async () => {
        const record = await deleted();
        const target = `${ref}/${String(record[name])}`;
        // A record may be its own target's only referrer, or not.
        const gone = await its.admin.delete(`${target}?permanent=true`);
        const removed = gone.status === 400 ? await its.admin.delete(target) : gone;
        expect(removed.outcome).toBe('200');
        expectFault(await restore(record), name);
      });
    }

    it(`is ${feature.shared ? "everybody's to read, and administrators' to use" : 'nobody else’s, but for moderators and administrators'}`, async () => {
      const record = await deleted();
      const missed = feature.shared ? '403 FORBIDDEN' : missing;
      const refused = [
        await restore(record, its.user),
        await purge(record, its.user),
        await restore(record, its.moderator),
        await purge(record, its.moderator),
      ];
      expect(outcomesOf(refused)).toEqual(refused.map(() => missed));
      expect(outcomesOf([await restore(record, its.test.anonymous)])).toEqual(['401 UNAUTHENTICATED']);
      const seen = idsOf(await its.walk(its.user, { trash: 'true', limit: '100' }));
      expect(seen.includes(record.id)).toBe(feature.shared ?? false);
      if (!feature.shared) {
        const all = await its.moderator.get(
          `${feature.path}?trash=true&owner=${its.writer.userId}&limit=100`,
        );
        expect(idsOf(all.body.data as RecordJson[])).toContain(record.id);
        expect((await its.user.get(`${feature.path}?trash=true&owner=all`)).outcome).toBe('403 FORBIDDEN');
      }
      expect((await restore(record, its.admin)).outcome).toBe('200');
    });

    if (!feature.shared) {
      it('is emptied with the account of its owner', async () => {
        const owner = await its.newWriter();
        await deleted(owner);
        const owned = () => bin().countDocuments({ ownerId: new Types.ObjectId(owner.userId) });
        expect(await owned()).toBe(1);
        expect((await its.admin.delete(`/api/v1/users/${owner.userId}`)).status).toBe(200);
        expect(await owned()).toBe(0);
      });
    }
  });
}
