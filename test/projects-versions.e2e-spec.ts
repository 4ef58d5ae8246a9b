import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { at, createProject, PROJECTS, type ProjectJson } from './support/projects.js';
import { queriesDuring } from './support/query-watch.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { Answer, TestClient } from './support/test-client.js';

const outcomes = (answers: readonly Answer[]) => answers.map(({ outcome }) => outcome);
const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, i) => make(i));

describe('versions of a project', () => {
  let test: TestApp;
  let ada: TestClient;

  beforeAll(async () => {
    test = await createTestApp();
    ada = await test.anonymous.signIn();
  });
  afterAll(() => test.close());

  const read = async (project: ProjectJson) => (await ada.get(at(project))).body.data as ProjectJson;

  const write = (project: ProjectJson, method: string, ifMatch: string) =>
    ada.send(method, at(project), method === 'DELETE' ? undefined : { name: project.name }, {
      'if-match': ifMatch,
    });

  /** A project that was changed twice: its version is 3. */
  async function thirdVersion(): Promise<ProjectJson> {
    const project = await createProject(ada);
    await ada.patch(at(project), {});
    await ada.patch(at(project), {});
    return read(project);
  }

  it('rise with every accepted change, even one that changes nothing', async () => {
    const { name, ...rest } = await createProject(ada);
    const url = at(rest);
    const answers = [
      await ada.put(url, { name }),
      await ada.patch(url, {}),
      await ada.patch(url, { name }),
      await ada.patch(url, { description: 'x' }),
    ];
    expect(answers.map(({ body }) => body.data.version)).toEqual([2, 3, 4, 5]);
    expect(answers.map(({ headers }) => headers['etag'])).toEqual(['"2"', '"3"', '"4"', '"5"']);
    expect((await ada.get(url)).headers['etag']).toBe('"5"');
  });

  it.each(['PUT', 'PATCH'])(
    'rise by one operation of the database, with and without If-Match: %s',
    async (method) => {
      const project = await createProject(ada);
      const asked = await queriesDuring(test.connection, 'projects', async () => {
        for (const headers of [{}, { 'if-match': '"2"' }, { 'if-match': '*' }]) {
          const answer = await ada.send(method, at(project), { name: project.name }, headers);
          expect(answer.outcome).toBe('200');
        }
      });
      expect(asked.map(({ command }) => Object.keys(command)[0])).toEqual(Array(3).fill('findAndModify'));
    },
  );

  it('stay as they are when a change is refused', async () => {
    const project = await createProject(ada);
    const { name } = await createProject(ada);
    await ada.put(at(project), { name: '' });
    await ada.put(at(project), { name });
    await ada.patch(at(project), { version: 9 });
    await ada.patch(at(project), {}, { 'if-match': '"9"' });
    expect(await read(project)).toEqual(project);
  });

  describe('If-Match', () => {
    const METHODS = ['PUT', 'PATCH', 'DELETE'];

    describe.each(METHODS)('of %s', (method) => {
      it.each([
        '"3"',
        '"2", "3"',
        '"3","1"',
        ' "3" ',
        '*',
        'W/"3", "4"',
        'W/"3"',
        '"other", "3"',
        '"a,b" ,\t"3"',
        ',"1", ,"3",',
      ])('lets %s change version 3', async (ifMatch) => {
        const answer = await write(await thirdVersion(), method, ifMatch);
        expect(answer.outcome).toBe('200');
      });

      it.each(['"2"', '"4"', '"1", "2"', 'W/"1"', 'W/"4", W/"2"', '"03"', '"3.0"', '"+3"', '""', '"*"'])(
        'answers 412 for %s and leaves version 3',
        async (ifMatch) => {
          const project = await thirdVersion();
          expect((await write(project, method, ifMatch)).outcome).toBe('412 PRECONDITION_FAILED');
          expect(await read(project)).toEqual(project);
        },
      );

      it.each([
        '3',
        '',
        ',',
        '"3',
        '3"',
        '"3" "2"',
        '"3", *',
        '*, "3"',
        'w/"3"',
        "'3'",
        '"3",2',
        'W/3',
        '**',
      ])('answers 400 for %j and leaves version 3', async (ifMatch) => {
        const project = await thirdVersion();
        const answer = await write(project, method, ifMatch);
        expect(answer.outcome).toBe('400 VALIDATION_ERROR');
        expect(answer.body.details).toEqual([{ path: 'if-match', message: expect.any(String) }]);
        expect(await read(project)).toEqual(project);
      });

      it.each(['"1"', '*', 'W/"1"'])('answers 404 for %s where there is no project', async (ifMatch) => {
        const gone = { ...(await createProject(ada)), id: 'f'.repeat(24) };
        expect((await write(gone, method, ifMatch)).outcome).toBe('404 PROJECT_NOT_FOUND');
      });

      it('lets exactly one of 50 who hold the same version win', async () => {
        const project = await createProject(ada);
        const answers = await Promise.all(times(50, () => write(project, method, '"1"')));
        const lost = method === 'DELETE' ? '404 PROJECT_NOT_FOUND' : '412 PRECONDITION_FAILED';
        expect(outcomes(answers).toSorted()).toEqual(['200', ...times(49, () => lost)]);
        if (method !== 'DELETE') expect((await read(project)).version).toBe(2);
      });
    });

    it.each(['PUT', 'PATCH'])('of %s with * loses no race: each is a version of its own', async (method) => {
      const project = await createProject(ada);
      const answers = await Promise.all(times(30, () => write(project, method, '*')));
      expect(new Set(outcomes(answers))).toEqual(new Set(['200']));
      expect((await read(project)).version).toBe(31);
    });

    it('wins over a name that is taken', async () => {
      const project = await thirdVersion();
      const { name } = await createProject(ada);
      const answer = await ada.put(at(project), { name }, { 'if-match': '"1"' });
      expect(answer.outcome).toBe('412 PRECONDITION_FAILED');
    });
  });

  describe('without If-Match', () => {
    it.each(['PUT', 'PATCH'])('no race of %s is lost, and no version', async (method) => {
      const project = await createProject(ada);
      const answers = await Promise.all(
        times(50, (i) => ada.send(method, at(project), { name: `${method} ${i}` })),
      );
      expect(new Set(outcomes(answers))).toEqual(new Set(['200']));
      const versions = answers.map(({ body }) => body.data.version as number).toSorted((a, b) => a - b);
      expect(versions).toEqual(times(50, (i) => i + 2));
      const last = answers.find(({ body }) => body.data.version === 51);
      expect(await read(project)).toEqual(last?.body.data);
    });
  });

  describe('If-None-Match', () => {
    it.each(['"3"', 'W/"3"', '"1", W/"3"', '*', ' "3"'])('of %s answers 304 to version 3', async (tag) => {
      const { status, text, headers } = await ada.get(at(await thirdVersion()), { 'if-none-match': tag });
      expect([status, text]).toEqual([304, '']);
      expect(headers['etag']).toBe('"3"');
      expect(headers).not.toHaveProperty('content-length');
      expect(headers).not.toHaveProperty('content-type');
    });

    it.each(['"2"', 'W/"33"', '3', '"3', '""', '"*"'])('of %s answers version 3', async (tag) => {
      const project = await thirdVersion();
      const { status, body } = await ada.get(at(project), { 'if-none-match': tag });
      expect([status, body.data]).toEqual([200, project]);
    });

    it('answers 404 where there is no project', async () => {
      const answer = await ada.get(at({ id: 'f'.repeat(24) }), { 'if-none-match': '*' });
      expect(answer.outcome).toBe('404 PROJECT_NOT_FOUND');
    });

    it('is refused, as If-Match is, where a write changes nothing that has a version', async () => {
      const session = `/api/v1/auth/sessions/${ada.sessionId}`;
      for (const name of ['if-none-match', 'if-match'])
        for (const [method, url, body] of [
          ['DELETE', session],
          ['POST', PROJECTS, { name: randomUUID() }],
        ] as const) {
          const answer = await ada.send(method, url, body, { [name]: '*' });
          expect([answer.outcome, answer.body.details[0].path]).toEqual(['400 VALIDATION_ERROR', name]);
        }
    });
  });

  describe('HEAD', () => {
    it('answers the headers of GET and no body', async () => {
      const url = at(await thirdVersion());
      const got = await ada.get(url);
      const { status, text, headers } = await ada.head(url);
      expect([status, text]).toEqual([200, '']);
      for (const name of ['etag', 'content-type', 'content-length']) {
        expect(headers[name]).toBe(got.headers[name]);
      }
    });

    it('honours If-None-Match', async () => {
      const { status } = await ada.head(at(await thirdVersion()), { 'if-none-match': '"3"' });
      expect(status).toBe(304);
    });

    it('answers 404 where there is no project', async () => {
      const { status, text } = await ada.head(at({ id: 'f'.repeat(24) }));
      expect([status, text]).toEqual([404, '']);
    });
  });
});
