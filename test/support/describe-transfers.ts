import { beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { UserId } from '../../src/platform/access/caller.js';
import type { OrganizationRole } from '../../src/platform/access/memberships.js';
import { Transferable } from '../../src/platform/database/transferable.js';
import { createKey, withKey } from './api-keys.js';
import { newMember, newOrganization, within } from './organizations.js';
import { addPapers, PAPERS } from './papers.js';
import { PROJECTS } from './projects.js';
import { Shelf } from './shelf.js';
import { addTasks, TASKS, TrialTaskDto, trialTasks, TrialTasksController } from './tasks.js';
import type { TestApp } from './test-app.js';
import type { TestClient } from './test-client.js';

const NOT_THERE = '404 ORGANIZATION_NOT_FOUND';

/** Who is there: the owner owns the organization, and the stranger is in none. */
interface Cast {
  readonly test: TestApp;
  readonly admin: TestClient;
  readonly owner: TestClient;
  readonly stranger: TestClient;
  readonly organization: string;
}

/** Records that are given to another owner. To be called before the application is made. */
export function describeTransfers(cast: () => Cast): void {
  Transferable(trialTasks, TrialTaskDto)(TrialTasksController);
  addTasks();
  addPapers();

  describe('a transfer', () => {
    let { test, admin, owner, stranger, organization } = {} as Cast;
    beforeAll(() => {
      ({ test, admin, owner, stranger, organization } = cast());
    });
    const member = (role: OrganizationRole) => newMember(test, owner, organization, role);
    const newProject = async (caller: TestClient, name: string = randomUUID()) =>
      String((await caller.post(PROJECTS, { name })).body.data.id);
    const give = (caller: TestClient, address: string, organizationId: string | null, headers = {}) =>
      caller.post(`${address}/transfer`, { organizationId }, headers);

    it('gives a record to an organization and takes it out, by who may write on both sides', async () => {
      const [viewer, writer] = [await member('viewer'), await member('member')];
      const address = `${PROJECTS}/${await newProject(writer)}`;
      expect((await give(writer, address, organization, { 'if-match': '"7"' })).outcome).toBe(
        '412 PRECONDITION_FAILED',
      );
      const given = await give(writer, address, organization, { 'if-match': '"1"' });
      expect([given.status, given.headers['etag']]).toEqual([200, '"2"']);
      expect(given.body.data).toMatchObject({ ownerId: organization, createdBy: writer.userId, version: 2 });
      expect((await writer.get(address)).outcome).toBe('404 PROJECT_NOT_FOUND');
      expect((await within(viewer, organization).get(address)).body.data).toEqual(given.body.data);
      // It is there already.
      expect((await give(within(writer, organization), address, organization)).body.data).toEqual(
        given.body.data,
      );
      expect((await give(within(viewer, organization), address, null)).outcome).toBe('403 FORBIDDEN');
      expect((await give(writer, address, null)).outcome).toBe('404 PROJECT_NOT_FOUND');
      const taken = await give(within(writer, organization), address, null);
      expect(taken.body.data).toMatchObject({ ownerId: writer.userId, version: 3 });
    });

    it('reaches no organization in which the caller may not write', async () => {
      const [viewer, writer] = [await member('viewer'), await member('member')];
      const foreign = await newOrganization(stranger);
      const [hers, his] = [await newProject(viewer), await newProject(writer)];
      expect((await give(viewer, `${PROJECTS}/${hers}`, organization)).outcome).toBe('403 FORBIDDEN');
      for (const target of [foreign, writer.userId]) {
        expect((await give(writer, `${PROJECTS}/${his}`, target)).outcome).toBe(NOT_THERE);
      }
      const program = withKey(test, (await createKey(writer)).key);
      expect((await give(program, `${PROJECTS}/${his}`, organization)).outcome).toBe(NOT_THERE);
      const manager = await member('admin');
      const inside = withKey(test, (await createKey(within(manager, organization))).key);
      const kept = `${PROJECTS}/${await newProject(inside)}`;
      expect((await give(inside, kept, null)).outcome).toBe('403 FORBIDDEN');
      expect((await give(inside, kept, await newOrganization(manager))).outcome).toBe(NOT_THERE);
      expect((await give(admin, kept, null)).body.data).toMatchObject({ ownerId: admin.userId });
      for (const body of [{}, { organizationId: 'x' }, { organizationId: null, more: 1 }]) {
        expect((await writer.post(`${PROJECTS}/${his}/transfer`, body)).outcome).toBe('400 VALIDATION_ERROR');
      }
    });

    it('is judged as if the record was made there: names, references, and what refers to it', async () => {
      const inside = within(owner, organization);
      const [name, title] = [randomUUID(), randomUUID()];
      const [mine] = [await newProject(owner, name), await newProject(inside, name)];
      expect((await give(owner, `${PROJECTS}/${mine}`, organization)).outcome).toBe('409 PROJECT_NAME_TAKEN');
      await owner.patch(`${PROJECTS}/${mine}`, { name: randomUUID() });
      const { body } = await owner.post(TASKS, { title, projectId: mine });
      const task = `${TASKS}/${String(body.data.id)}`;
      expect((await give(owner, `${PROJECTS}/${mine}`, organization)).outcome).toBe('409 IN_USE');
      const refused = await give(owner, task, organization);
      expect(refused.body).toMatchObject({ code: 'VALIDATION_ERROR', details: [{ path: 'projectId' }] });
      await owner.patch(task, { projectId: null });
      expect((await give(owner, task, organization)).body.data).toMatchObject({ version: 3 });
      expect((await give(owner, `${PROJECTS}/${mine}`, organization)).status).toBe(200);
      await inside.patch(task, { projectId: mine });
      expect((await give(inside, `${PROJECTS}/${mine}`, null)).outcome).toBe('409 IN_USE');
    });

    it('is told to both, and forgets what was remembered of both', async () => {
      const inside = within(owner, organization);
      const shelf = Shelf.in(test);
      const id = String((await owner.post(PAPERS, { title: 'Ships' })).body.data.id);
      const both = [owner.userId, organization] as UserId[];
      for (const each of both) {
        await shelf.write(each, 1);
        await shelf.books(each);
        await shelf.write(each, 2);
      }
      await give(owner, `${PAPERS}/${id}`, organization);
      for (const each of both) expect((await shelf.books(each)).count).toBe(2);
      for (const each of [owner, inside]) {
        const { body } = await each.get(`/api/v1/audit?record=papers/${id}&limit=1`);
        expect(body.data).toMatchObject([
          {
            action: 'papers.transferred',
            actor: { id: owner.userId },
            changes: [{ field: 'ownerId', from: owner.userId, to: organization }],
          },
        ]);
      }
      expect(test.logs).toContainEqual(
        expect.objectContaining({ event: 'record_transferred', recordId: id, ownerId: organization }),
      );
    });
  });
}
