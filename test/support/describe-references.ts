import { beforeEach, describe, expect, it } from '@jest/globals';
import type { ReferenceField } from './feature.js';
import { createRecord, featureAt, fieldsOf, newPicture, type RecordJson } from './feature-bodies.js';
import { expectFault, type FeatureTest, outcomesOf } from './feature-test.js';
import type { TestClient } from './test-client.js';
import { FILES } from './forms.js';
import { USERS } from './users.js';

const NOWHERE = 'f'.repeat(24);

/** Fields that refer to other records: to which they may, and what becomes of those. */
export function describeReferences(its: FeatureTest): void {
  for (const [name, field] of fieldsOf(its.feature)) {
    if (field.ref === undefined || field.server) continue;
    if (field.ref === USERS) {
      describeUser(its, name);
      continue;
    }
    if (field.ref === FILES) {
      describeFile(its, name);
      continue;
    }
    describe(`${name}, which refers to ${field.ref},`, () => describeReference(its, name, field));
  }
}

/** A field that refers to a user: to whoever the caller may read. */
function describeUser(its: FeatureTest, name: string): void {
  it(`${name} refers to the caller, and to nobody whom it may not read`, async () => {
    const { writer, feature } = its;
    const body = await its.full();
    expect((await its.create({ ...body, [name]: writer.userId }))[name]).toBe(writer.userId);
    const unreadable = feature.shared ? [NOWHERE] : [NOWHERE, its.other.userId];
    for (const id of unreadable) {
      expectFault(await writer.post(feature.path, { ...body, [name]: id }), name);
    }
  });
}

/** A field that holds a file: of the same owner, as long as the record does. */
function describeFile(its: FeatureTest, name: string): void {
  it(`${name} holds a file of the owner, and no other`, async () => {
    const { writer, feature } = its;
    const id = await newPicture(writer);
    const record = await its.create({ [name]: id });
    expect((await writer.delete(`${FILES}/${id}`)).outcome).toBe('409 IN_USE');
    const others = feature.shared ? [NOWHERE] : [NOWHERE, await newPicture(its.other)];
    for (const other of others) expectFault(await writer.patch(its.at(record), { [name]: other }), name);
    expect((await its.other.get(`${FILES}/${id}`)).status).toBe(feature.shared ? 200 : 404);
    await writer.delete(its.at(record));
    expect((await writer.delete(`${FILES}/${id}`)).outcome).toBe('200');
  });
}

function describeReference(its: FeatureTest, name: string, field: ReferenceField): void {
  const { feature } = its;
  const target = featureAt(field.ref);
  const at = (record: RecordJson) => `${target.path}/${record.id}`;
  const newTarget = (caller: TestClient) => createRecord(target, its.makers(caller));
  const referring = (id: string) => ({ [name]: id });
  /** Whoever may delete a target of the writer. */
  const remove = (record: RecordJson) => (target.shared ? its.admin : its.writer).delete(at(record));

  let first: RecordJson;
  let record: RecordJson;

  beforeEach(async () => {
    first = await newTarget(its.writer);
    record = await its.create(referring(first.id));
  });

  /** Expects that no write refers to this record. */
  async function expectRefused(id: string): Promise<void> {
    const fields = referring(id);
    const body = { ...(await its.full()), ...fields };
    const count = await its.collection.countDocuments();
    expectFault(await its.writer.post(feature.path, body), name);
    expectFault(await its.writer.put(its.at(record), body), name);
    expectFault(await its.writer.patch(its.at(record), fields), name);
    expect(await its.read(record)).toEqual(record);
    expect(await its.collection.countDocuments()).toBe(count);
  }

  it('refuses a record that is not there', async () => {
    await expectRefused(NOWHERE);
    const gone = await newTarget(its.writer);
    expect((await remove(gone)).outcome).toBe('200');
    await expectRefused(gone.id);
  });

  if (!feature.shared && !target.shared) {
    it('refuses a record that the owner cannot read, as one that is not there', async () => {
      const foreign = await newTarget(its.other);
      await expectRefused(foreign.id);
      const [unreadable, missing] = [
        await its.writer.patch(its.at(record), referring(foreign.id)),
        await its.writer.patch(its.at(record), referring(NOWHERE)),
      ];
      expect(unreadable.body.details).toEqual(missing.body.details);
    });

    it('takes a record of somebody else from who may read it, and holds it', async () => {
      const { moderator } = its;
      const body = { ...(await its.full(moderator)), ...referring(first.id) };
      const created = await moderator.post(feature.path, body);
      expect(created.outcome).toBe('201');
      expect((await its.writer.delete(its.at(record))).outcome).toBe('200');
      expect((await remove(first)).outcome).toBe('409 IN_USE');
      expect((await moderator.delete(its.at(created.body.data))).outcome).toBe('200');
      expect((await remove(first)).outcome).toBe('200');
    });
  }

  it('holds its record until it is deleted', async () => {
    expect((await remove(first)).outcome).toBe('409 IN_USE');
    expect((await its.writer.get(at(first))).body.data).toEqual(first);
    expect((await its.writer.delete(its.at(record))).outcome).toBe('200');
    expect((await remove(first)).outcome).toBe('200');
  });

  it.each(['PUT', 'PATCH'])('holds its record until %s names another one', async (method) => {
    const next = await newTarget(its.writer);
    const body = { ...(method === 'PUT' && (await its.full())), ...referring(next.id) };
    expect((await its.writer.send(method, its.at(record), body)).outcome).toBe('200');
    expect(outcomesOf([await remove(first), await remove(next)])).toEqual(['200', '409 IN_USE']);
  });

  if (!field.required) {
    it('lets its record go when it is cleared', async () => {
      expect((await its.writer.patch(its.at(record), { [name]: null })).outcome).toBe('200');
      expect((await remove(first)).outcome).toBe('200');
    });
  }

  it('never refers to a record that is deleted at the same time', async () => {
    for (let round = 0; round < 5; round++) {
      const fought = await newTarget(its.writer);
      const body = { ...(await its.full()), ...referring(fought.id) };
      const [created, removed] = await Promise.all([its.writer.post(feature.path, body), remove(fought)]);
      expect(['201, 409 IN_USE', '400 VALIDATION_ERROR, 200']).toContain(
        outcomesOf([created, removed]).join(', '),
      );
    }
  });
}
