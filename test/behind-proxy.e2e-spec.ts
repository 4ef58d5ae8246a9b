import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addStreams, UPLOADS } from './support/nest-streams.js';
import { type OwnNginx, startNginx } from './support/nginx.js';
import { at, createProject, PROJECTS } from './support/projects.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';

addStreams();

const LAB = '/api/v1/lab';

describe('behind nginx', () => {
  let test: TestApp;
  let nginx: OwnNginx;
  let ada: TestClient;

  beforeAll(async () => {
    test = await createTestApp({ TRUST_PROXY: '127.0.0.1' });
    await test.app.listen(0, '127.0.0.1');
    nginx = await startNginx((test.app.getHttpServer().address() as AddressInfo).port);
    ada = await test.anonymous.signIn();
  }, 60_000);
  afterAll(async () => {
    await nginx.close();
    await test.close();
    rmSync(UPLOADS, { recursive: true });
  });

  /** Asks from an address that is no proxy's. */
  async function ask(path: string, headers: object = {}, port = nginx.port): Promise<IncomingMessage> {
    const all = { ...ada.headers, ...headers };
    const asked = request({ host: '127.0.0.1', port, path, headers: all, localAddress: '127.0.0.9' }).end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    return answer;
  }

  const logged = async (id: string): Promise<unknown> => {
    await test.anonymous.get('/health/live');
    return test.logs.find(({ event, requestId }) => event === 'request' && requestId === id)?.['address'];
  };

  it('answers while one of the servers is down', async () => {
    const statuses = [];
    for (let turn = 0; turn < 4; turn++) statuses.push((await ask(PROJECTS)).resume().statusCode);
    expect(statuses).toEqual([200, 200, 200, 200]);
  });

  it.each(['X-Forwarded-For', 'X-Real-IP', 'Forwarded'])(
    'knows who asks, whatever %s claims',
    async (name) => {
      const claim = name === 'Forwarded' ? 'for=203.0.113.7' : '203.0.113.7';
      const id = `claims-${name}`;
      (await ask(PROJECTS, { [name]: claim, 'x-request-id': id })).resume();
      expect(await logged(id)).toBe('127.0.0.9');
    },
  );

  it('passes on what the server has compressed, with its strong tag', async () => {
    for (let index = 0; index < 30; index++) await createProject(ada, { description: 'd'.repeat(200) });
    const answer = await ask(`${PROJECTS}?limit=30`, { 'accept-encoding': 'gzip' });
    expect(answer.headers['content-encoding']).toBe('gzip');
    const chunks = (await answer.toArray()) as Buffer[];
    expect(gunzipSync(Buffer.concat(chunks)).toString()).toContain('dddd');
  });

  it('takes back the tags that a compressing proxy has weakened', async () => {
    const project = await createProject(ada);
    const answer = await ask(at(project), { 'accept-encoding': 'gzip' }, nginx.compressing);
    answer.resume();
    const { etag = '', 'content-encoding': encoding } = answer.headers;
    expect([encoding, etag]).toEqual(['gzip', expect.stringMatching(/^W\/"/)]);
    const unchanged = await ask(at(project), { 'if-none-match': etag }, nginx.compressing);
    expect(unchanged.resume().statusCode).toBe(304);
    const url = `http://127.0.0.1:${nginx.compressing}${at(project)}`;
    const put = (tag: string) =>
      fetch(url, {
        method: 'PUT',
        headers: { ...ada.headers, 'content-type': 'application/json', 'if-match': tag },
        body: JSON.stringify({ name: 'Weakened' }),
      });
    expect([(await put(etag)).status, (await put(etag)).status]).toEqual([200, 412]);
  });

  it.each(['port', 'compressing'] as const)('passes on each event as it comes (%s)', async (port) => {
    const answer = await ask(`${LAB}/endless`, { 'accept-encoding': 'gzip' }, nginx[port]);
    let come = '';
    for await (const chunk of answer) {
      come += String(chunk);
      if (come.includes('"count":0')) break;
    }
    expect(come).not.toContain('"count":5');
  });

  it('passes on uploads, and refusals of what is too large as the server writes them', async () => {
    const send = async (bytes: number) => {
      const body = new FormData();
      body.append('caption', 'cat');
      body.append('picture', new Blob(['x'.repeat(bytes)]), 'cat.png');
      const answer = await fetch(`http://127.0.0.1:${nginx.port}${LAB}/picture`, { method: 'POST', body });
      return (await answer.json()) as object;
    };
    expect(await send(90_000)).toMatchObject({ data: { name: 'cat: cat.png, 90000 bytes' } });
    expect(await send(110_000)).toMatchObject({ success: false, requestId: expect.any(String) });
    const large = await fetch(`http://127.0.0.1:${nginx.port}${PROJECTS}`, {
      method: 'POST',
      headers: { ...ada.headers, 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'x'.repeat(8 * 1024 * 1024) }),
    });
    expect([large.status, await large.json()]).toEqual([413, expect.objectContaining({ success: false })]);
  });

  it('shows metrics to nobody', async () => {
    const answer = await ask('/metrics');
    expect([answer.statusCode, await text(answer)]).toEqual([404, expect.not.stringContaining('process_')]);
  });
});
