// Alone in its process: its feature is part of the application.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { scopeOf, type UserId } from '../src/platform/access/caller.js';
import { OwnedRecord, RECORD_OPTIONS } from '../src/platform/database/record.js';
import { RecordsModule } from '../src/platform/database/records.module.js';
import type { Records } from '../src/platform/database/records.js';
import { resource } from '../src/platform/database/resource.js';
import type { ApiError } from '../src/platform/errors/errors.js';
import { addToApp } from './support/nest-lab.js';
import { createTestApp, type TestApp } from './support/test-app.js';

/** Only the audit is told of these: those that are created at the same time share a transaction. */
@Schema({ ...RECORD_OPTIONS, collection: 'leaflets' })
class Leaflet extends OwnedRecord {
  @Prop({ type: String, required: true })
  name!: string;
}

const LeafletSchema = SchemaFactory.createForClass(Leaflet);
LeafletSchema.index({ ownerId: 1, createdAt: -1, _id: -1 });
LeafletSchema.index({ ownerId: 1, name: 1 }, { unique: true });

const leaflets = resource({
  name: 'leaflet',
  record: Leaflet,
  schema: LeafletSchema,
  unique: ['name'],
  audit: true,
});

interface Entry {
  readonly action: string;
  readonly record: string;
  readonly changes: readonly object[];
}

describe('the audit of records that are created at the same time', () => {
  let test: TestApp;
  let takeBack: () => void;

  beforeAll(async () => {
    takeBack = addToApp({ imports: [RecordsModule.for(leaflets)] });
    test = await createTestApp();
  });
  afterAll(async () => {
    await test.close();
    takeBack();
  });

  it('has each of them, and none that is refused', async () => {
    const user = await test.anonymous.signIn();
    const records = test.app.get<Records<Leaflet>>('LeafletRecords', { strict: false });
    const scope = scopeOf(user.userId as UserId);
    const names = Array.from({ length: 60 }, (_, n) => `Ships ${n % 40}`);
    const outcomes = await Promise.allSettled(names.map((name) => records.create(scope, { name })));
    const created = outcomes.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const refused = outcomes.flatMap((each) => (each.status === 'rejected' ? [each.reason as ApiError] : []));
    expect(refused.map(({ code }) => code)).toEqual(Array.from({ length: 20 }, () => 'LEAFLET_NAME_TAKEN'));
    expect(created).toHaveLength(40);
    const stored = await test.connection.collection('leaflets').find().toArray();
    expect(stored.map(({ name }) => String(name)).toSorted()).toEqual([...new Set(names)].toSorted());
    const told = (await user.get(`/api/v1/audit?actor=${user.userId}&limit=100`)).body.data as Entry[];
    const ofLeaflets = told.filter(({ action }) => action === 'leaflets.created');
    expect(ofLeaflets.map(({ record }) => record).toSorted()).toEqual(
      created.map(({ _id }) => `leaflets/${String(_id)}`).toSorted(),
    );
    for (const { record, changes } of ofLeaflets) {
      const { name } = created.find(({ _id }) => record === `leaflets/${String(_id)}`) ?? {};
      expect(changes).toEqual([{ field: 'name', from: null, to: name }]);
    }
  });
});
