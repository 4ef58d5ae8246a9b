// Alone in its process: what asks to be told of records stays so.
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { type Owner, type Scope, scopeOf, SYSTEM, type UserId } from '../src/platform/access/caller.js';
import type { Records } from '../src/platform/database/records.js';
import { resource } from '../src/platform/database/resource.js';
import { Transactions } from '../src/platform/database/transactions.js';
import { NO_PRECONDITION } from '../src/platform/validation/precondition.js';
import { RemoveOwner } from '../src/platform/executions/remove-owner.executor.js';
import { OnRecord, subscribers } from '../src/platform/subscriptions/on-record.js';
import { Subscriptions } from '../src/platform/subscriptions/subscriptions.js';
import { Notices, told, WelcomeErrand } from './support/errand-subscribers.js';
import { type Errand, ERRANDS, ERRANDS_MODULE, errands } from './support/errands.js';
import { eventually } from './support/mails.js';
import { addToApp } from './support/nest-lab.js';
import { newMember, newOrganization, ORGANIZATIONS } from './support/organizations.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';

addToApp({ ...ERRANDS_MODULE, providers: [Notices, WelcomeErrand] });

describe('what a feature does of its own', () => {
  let test: TestApp;
  let ada: TestClient;
  let scope: Scope;
  let records: Records<Errand>;

  beforeAll(async () => {
    test = await createTestApp();
    ada = await test.anonymous.signIn();
    scope = scopeOf(ada.userId as UserId);
    records = test.app.get<Records<Errand>>('ErrandRecords', { strict: false });
  });
  afterAll(() => test.close());

  const create = () => records.create(scope, { what: 'Sweep', status: 'open' });
  const at = ({ _id }: Errand) => `${ERRANDS}/${_id.toHexString()}`;

  describe('a transition', () => {
    it('sets what belongs to it, and what stays sets nothing', async () => {
      const errand = await create();
      const go = async (status: string) => (await ada.patch(at(errand), { status })).body.data;
      expect(await go('taken')).toMatchObject({ status: 'taken', doneAt: null });
      const done = await go('done');
      expect(done).toMatchObject({ status: 'done', doneAt: expect.any(String), version: 3 });
      expect(await go('done')).toEqual({ ...done, version: 4, updatedAt: expect.any(String) });
      expect(await go('open')).toMatchObject({ status: 'open', doneAt: null });
    });

    it('that is not allowed says what is', async () => {
      const errand = await create();
      const refused = async (status: string, headers = {}) => {
        const { outcome, body } = await ada.patch(at(errand), { status }, headers);
        return [outcome, body.details];
      };
      const message = 'status is open and can become taken, dropped only';
      expect(await refused('done')).toEqual(['409 TRANSITION_NOT_ALLOWED', [{ path: 'status', message }]]);
      expect(await refused('done', { 'if-match': '"7"' })).toEqual(['412 PRECONDITION_FAILED', undefined]);
      await ada.patch(at(errand), { status: 'dropped' }, { 'if-match': '"1"' });
      expect(await refused('open')).toEqual([
        '409 TRANSITION_NOT_ALLOWED',
        [{ path: 'status', message: 'status is dropped, which is final' }],
      ]);
      const other = await test.anonymous.signIn();
      expect((await other.patch(at(errand), { status: 'done' })).outcome).toBe('404 ERRAND_NOT_FOUND');
    });

    it('is judged again when somebody else was faster', async () => {
      const errand = await create();
      const tries = ['taken', 'dropped', 'taken', 'dropped', 'taken', 'dropped'];
      const answers = await Promise.all(tries.map((status) => ada.patch(at(errand), { status })));
      const { status } = await records.get(scope, errand._id.toHexString());
      // From neither a way leads to the other, and to stay there is no transition.
      const judged = tries.map((each) => (each === status ? '200' : '409 TRANSITION_NOT_ALLOWED'));
      expect(answers.map(({ outcome }) => outcome)).toEqual(judged);
    });

    it('is judged in a transaction, and rolled back with it', async () => {
      const errand = await create();
      const id = errand._id.toHexString();
      const work = test.app.get(Transactions).run(async (transaction) => {
        await records.update(scope, id, NO_PRECONDITION, { status: 'taken' }, transaction);
        await records.update(scope, id, NO_PRECONDITION, { status: 'dropped' }, transaction);
      });
      await expect(work).rejects.toMatchObject({ code: 'TRANSITION_NOT_ALLOWED' });
      expect(await records.get(scope, id)).toMatchObject({ status: 'open', version: 1 });
    });

    it('happens nowhere else: new records begin in the first state, and many are not changed at once', async () => {
      await expect(records.create(scope, { what: 'Sweep', status: 'taken' })).rejects.toMatchObject({
        code: 'TRANSITION_NOT_ALLOWED',
        details: [{ path: 'status', message: 'status must be open in a new record' }],
      });
      await expect(records.updateWhere(scope, {}, { status: 'open' })).rejects.toThrow(
        'States and rules are judged record by record',
      );
    });

    it('is told to the console and documented', async () => {
      const { body } = await ada.get('/console/features');
      const found = body.data.find(({ plural }: { plural: string }) => plural === 'errands');
      const field = found.fields.find(({ name }: { name: string }) => name === 'status');
      expect(field.transitions).toEqual({
        open: ['taken', 'dropped'],
        taken: ['done', 'open'],
        done: ['open'],
        dropped: [],
      });
      expect(errands.errors.update.map(({ code }) => code)).toContain('TRANSITION_NOT_ALLOWED');
    });

    it.each<[object, RegExp]>([
      [{ states: { colour: { red: ['green'] } } }, /states names colour, which is no field of the schema/],
      [{ states: { what: { a: ['b'] } } }, /states names what, which needs an enum, and a default/],
      [{ states: { doneAt: { a: ['b'] } } }, /states names doneAt, which needs an enum/],
      [
        { states: { status: { open: ['takn', 'taken', 'done', 'dropped'] } } },
        /states\.status names takn, and the enum of status has open, taken, done, dropped/,
      ],
      [
        { states: { status: { open: ['taken', 'done'] } } },
        /states\.status says nothing of dropped: write how records get there, or dropped: \[\]/,
      ],
      [{ states: {} }, /states names no field/],
      [{ onTransition: () => ({}) }, /onTransition needs states/],
    ])('is refused at the start: %j', (declared, message) => {
      const { name, record, schema } = errands;
      expect(() => resource({ name, record, schema, ...declared })).toThrow(message);
    });
  });

  describe('a command', () => {
    const handOver = (errand: Errand, change: object) =>
      records.update(
        scope,
        errand._id.toHexString(),
        NO_PRECONDITION,
        change,
        undefined,
        errands.commands['hand-over'],
      );

    it('has a permission and an event of its own', async () => {
      expect(errands.may['hand-over']).toBe('errands:hand-over');
      const errand = await create();
      const before = test.logs.length;
      await handOver(errand, { bearerId: new Types.ObjectId(ada.userId), status: 'taken' });
      const { body } = await ada.get(`/api/v1/audit?record=errands/${errand._id.toHexString()}`);
      const [entry] = body.data;
      expect(entry).toMatchObject({ action: 'errands.hand-over', actor: { kind: 'user', id: ada.userId } });
      expect(entry.changes.map(({ field }: { field: string }) => field)).toEqual(['status', 'bearerId']);
      expect(test.logs.slice(before).map(({ event }) => event)).toContain('record_updated');
    });

    it('refers to nobody whom its caller may not read', async () => {
      const { userId } = await test.anonymous.signIn();
      await expect(handOver(await create(), { bearerId: new Types.ObjectId(userId) })).rejects.toMatchObject({
        code: 'VALIDATION_ERROR',
        details: [{ path: 'bearerId', message: 'bearerId must be the id of a user that you may read' }],
      });
    });

    it('refers to members of the organization whose record it is, and to nobody else', async () => {
      const id = await newOrganization(ada);
      const inside: Scope = { actor: scope.actor, owner: { kind: 'organization', id } };
      const { userId: member } = await newMember(test, ada, id, 'viewer');
      const { userId: stranger } = await test.anonymous.signIn();
      const { _id } = await records.create(inside, { what: 'Sweep', status: 'open' });
      const give = (userId: string) =>
        records.update(inside, _id.toHexString(), NO_PRECONDITION, { bearerId: new Types.ObjectId(userId) });
      for (const userId of [ada.userId, member]) expect(String((await give(userId)).bearerId)).toBe(userId);
      await expect(give(stranger)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
      await ada.delete(`${ORGANIZATIONS}/${id}/members/${member}`);
      await expect(give(member)).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    });

    it.each([
      [['Assign'], /the command Assign is no name: write small letters and hyphens/],
      [['write'], /the command write is a permission already, or there twice/],
      [['assign', 'assign'], /the command assign is a permission already, or there twice/],
      [['deleted'], /the command deleted is what others are told of records anyway/],
    ])('is refused at the start: %j', (commands, message) => {
      const { name, record, schema } = errands;
      expect(() => resource({ name, record, schema, commands })).toThrow(message);
    });
  });

  describe('what happens to a record', () => {
    const toldOf = (id: string) => told.filter(({ event }) => event.id === id);
    const idOf = ({ _id }: Errand) => _id.toHexString();
    const countOf = (id: string, count: number) => eventually(() => toldOf(id).length >= count && toldOf(id));

    it('is told to a method once it is committed, and to an executor in any case', async () => {
      const id = idOf(await create());
      const both = await countOf(id, 2);
      const event = {
        action: 'errands.created',
        id,
        ownerId: ada.userId,
        actor: 'user',
        userId: ada.userId,
        at: expect.any(Date),
        changes: expect.arrayContaining([{ field: 'what', from: null, to: 'Sweep' }]),
      };
      expect(both.map((each) => each.event)).toEqual([event, event]);
      const { body } = await ada.get(`/api/v1/executions?record=errands/${id}&type=errands.welcome`);
      expect(body.data).toHaveLength(1);
      expect(both.map(({ by }) => by).toSorted()).toEqual([`${body.data[0].id}.welcome`, 'method']);
    });

    it('is told of features that nobody else is told of, and by commands of their own name', async () => {
      const { body } = await ada.post('/api/v1/projects', { name: 'Told' });
      expect((await countOf(body.data.id, 1))[0]?.event.action).toBe('projects.created');
      const errand = await create();
      const change = { bearerId: new Types.ObjectId(ada.userId) };
      const command = errands.commands['hand-over'];
      await records.update(scope, idOf(errand), NO_PRECONDITION, change, undefined, command);
      const found = await countOf(idOf(errand), 3);
      expect(found.map(({ event }) => event.action)).toContain('errands.hand-over');
    });

    it('has executors act for whom the record belongs to, whoever did it', async () => {
      const organization = await newOrganization(ada);
      for (const owner of [scope.owner, { kind: 'organization', id: organization }] as Owner[]) {
        const made = await records.create({ actor: SYSTEM.actor, owner }, { what: 'Sweep', status: 'open' });
        const record = `errands/${idOf(made)}`;
        const stored = await test.connection.collection('executions').findOne({ record });
        expect(stored?.['scope']).toEqual({ actor: SYSTEM.actor, owner });
      }
    });

    it('is told to nobody when it is rolled back', async () => {
      let id = '';
      const work = test.app.get(Transactions).run(async (transaction) => {
        id = idOf(await records.create(scope, { what: 'Never', status: 'open' }, transaction));
        throw new Error('given up');
      });
      await expect(work).rejects.toThrow('given up');
      await countOf(idOf(await create()), 2);
      expect(toldOf(id)).toEqual([]);
      expect((await ada.get(`/api/v1/executions?record=errands/${id}`)).body.data).toEqual([]);
    });

    it('stays whatever a method throws, and the log tells it', async () => {
      const id = idOf(await create());
      await records.remove(scope, id, NO_PRECONDITION);
      const failure = await eventually(() => test.logs.find(({ event }) => event === 'subscriber_failed'));
      expect(failure).toMatchObject({
        subscriber: 'Notices.mourn',
        action: 'errands.deleted',
        recordId: id,
        err: { message: 'nothing to mourn' },
      });
    });

    class Stranger {
      stand(): void {}
    }
    class Odd {}

    it.each<[string, () => void, RegExp]>([
      [
        'what no feature emits',
        () => OnRecord('errands.creatd')(Notices.prototype, 'notice', {}),
        /@OnRecord above Notices\.notice: no feature emits errands\.creatd; there are .*errands\.created/,
      ],
      [
        'a class that no module provides',
        () => OnRecord(errands.created)(Stranger.prototype, 'stand', {}),
        /Stranger is not a provider; add it to the providers of its module/,
      ],
      [
        'a method that is not there',
        () => OnRecord(errands.created)(Notices.prototype, 'vanish', {}),
        /@OnRecord above Notices\.vanish cannot be called/,
      ],
      ['a class that is no executor', () => OnRecord(errands.created)(Odd as never), /Odd is not a provider/],
      [
        'an executor with another input',
        () => OnRecord(errands.created)(RemoveOwner as never),
        /write @Executor\(\{ type: …, input: RecordEvent \}\) above it, too/,
      ],
    ])('is refused at the start for %s', (_, declare, message) => {
      const subscriptions = test.app.get(Subscriptions, { strict: false });
      const { length } = subscribers;
      declare();
      expect(() => subscriptions.begin()).toThrow(message);
      (subscribers as unknown[]).length = length;
      subscriptions.begin();
    });

    it('is refused for a static method, and without a name', () => {
      expect(() => OnRecord(errands.created)(Stranger, 'stand', {})).toThrow('remove static');
      expect(() => OnRecord(undefined as never)(Stranger.prototype, 'stand', {})).toThrow(
        'name an event, such as tickets.created',
      );
    });
  });
});
