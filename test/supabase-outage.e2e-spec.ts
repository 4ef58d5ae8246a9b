import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SupabaseProject } from './support/supabase.js';
import { IDENTITIES, signedInAt, withToken } from './support/supabase-clients.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import { ME } from './support/users.js';
import { atMost } from './support/soak.js';

const HUGE = 'a'.repeat(300 * 1024);

/** Ways in which an auth server can fail. */
const FAILURES: readonly (readonly [string, (response: ServerResponse) => void])[] = [
  ['says nothing', () => undefined],
  ['begins and says no more', (response) => void response.writeHead(200).write('{"keys": [')],
  ['cuts the connection', (response) => response.destroy()],
  ['answers 500', (response) => void response.writeHead(500).end('{}')],
  ['sends elsewhere', (response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
  ['answers no JSON', (response) => void response.writeHead(200).end('<html>')],
  ['answers JSON of another kind', (response) => void response.writeHead(200).end('[]')],
  ['answers too much', (response) => void response.writeHead(200).end(`{"keys": [], "email": "${HUGE}"}`)],
];

describe('while the auth server of the Supabase project', () => {
  let project: SupabaseProject;
  let test: TestApp;

  beforeEach(async () => {
    project = await SupabaseProject.start();
    test = await createTestApp(project.env);
  });
  afterEach(async () => {
    project.broken = undefined;
    await test.close();
    await project.close();
  });

  /** The outcome and how long it took. */
  async function timed(
    token: string,
  ): Promise<{ outcome: string; retryAfter: string | undefined; ms: number }> {
    const started = performance.now();
    const { outcome, headers } = await withToken(test, token).get(ME);
    return { outcome, retryAfter: headers['retry-after'], ms: performance.now() - started };
  }

  describe.each(FAILURES)('%s', (_, broken) => {
    it('tokens that cannot be checked are answered 503 in time, and others are not touched', async () => {
      const local = await test.anonymous.signIn();
      const token = await project.token(project.person());
      project.broken = broken;
      const { outcome, retryAfter, ms } = await timed(token);
      expect([outcome, retryAfter]).toEqual(['503 AUTH_SERVER_UNAVAILABLE', '1']);
      expect(ms).toBeLessThan(atMost(2_000));
      expect((await local.get(ME)).status).toBe(200);
      expect((await local.post(IDENTITIES, { accessToken: token })).outcome).toBe(
        '503 AUTH_SERVER_UNAVAILABLE',
      );
      // Asked again it is left alone for a while.
      const before = project.asked.keys;
      for (let n = 0; n < 20; n++) expect((await timed(token)).outcome).toBe('503 AUTH_SERVER_UNAVAILABLE');
      expect(project.asked.keys).toBe(before);
    });

    it('who comes for the first time is answered 503 in time, and nobody is created', async () => {
      const known = await signedInAt(project, test, project.person());
      expect((await known.get(ME)).status).toBe(200);
      const users = await test.connection.collection('users').countDocuments();
      const token = await project.token(project.person());
      project.broken = broken;
      const { outcome, ms } = await timed(token);
      expect(outcome).toBe('503 AUTH_SERVER_UNAVAILABLE');
      expect(ms).toBeLessThan(atMost(2_000));
      expect(await test.connection.collection('users').countDocuments()).toBe(users);
      expect((await known.get(ME)).status).toBe(200);
    });
  });

  it('is away, tokens of others cost it nothing, and it is asked again when it is back', async () => {
    const token = await project.token(project.person());
    project.broken = (response) => response.destroy();
    expect((await timed(token)).outcome).toBe('503 AUTH_SERVER_UNAVAILABLE');
    project.broken = undefined;
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    expect((await timed(token)).outcome).toBe('200');
  });

  it('answers for somebody else, nobody is created', async () => {
    const [victim, person] = [project.person(), project.person()];
    const token = await project.token(person);
    await (await signedInAt(project, test, project.person())).get(ME);
    project.broken = (response) => void response.writeHead(200).end(JSON.stringify(victim));
    expect((await timed(token)).outcome).toBe('503 AUTH_SERVER_UNAVAILABLE');
    expect(await test.connection.collection('users').countDocuments({ email: victim.email })).toBe(0);
  });

  it('is slow but fast enough, people come in', async () => {
    const person = project.person();
    const token = await project.token(person);
    await (await signedInAt(project, test, project.person())).get(ME);
    project.broken = (response) => setTimeout(() => response.end(JSON.stringify(person)), 600);
    expect((await timed(token)).outcome).toBe('200');
  });
});
