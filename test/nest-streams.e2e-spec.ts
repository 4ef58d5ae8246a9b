import { createHmac } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { connect, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from './support/mails.js';
import { addStreams, SECRET, UPLOADS } from './support/nest-streams.js';
import { createTestApp, type TestApp } from './support/test-app.js';

addStreams();

const JSON_TYPE = { 'content-type': 'application/json' };

function formOf(fields: Record<string, string>, files: Record<string, number> = {}): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  for (const [name, size] of Object.entries(files))
    form.append(name, new Blob(['x'.repeat(size)]), 'cat.png');
  return form;
}

describe('streams, webhooks and uploads, by the book', () => {
  let test: TestApp;
  let lab: string;
  let patient: Promise<string>;

  const post = async (
    path: string,
    body: FormData | string | Buffer,
    headers: Record<string, string> = {},
  ) => {
    const answer = await fetch(`${lab}/${path}`, { method: 'POST', body, headers });
    const { data, code, error } = (await answer.json()) as {
      data?: { name: string };
      code?: string;
      error?: string;
    };
    return {
      outcome: code === undefined ? answer.status : `${answer.status} ${code}`,
      name: data?.name,
      error,
    };
  };

  beforeAll(async () => {
    test = await createTestApp();
    await test.app.listen(0, '127.0.0.1');
    lab = `http://127.0.0.1:${(test.app.getHttpServer().address() as AddressInfo).port}/api/v1/lab`;
    patient = fetch(`${lab}/patient`).then((answer) => answer.text());
  });
  // The last test closes the application.
  afterAll(() => rmSync(UPLOADS, { recursive: true }));

  it.each(['file', 'sent'])('lets a stream take longer than the deadline (%s)', async (path) => {
    const answer = await fetch(`${lab}/${path}`);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/plain']);
    expect(await answer.text()).toBe('one\ntwo\nthree\n');
  });

  it('lets events take longer than the deadline, with the headers of every answer', async () => {
    const answer = await fetch(`${lab}/events`);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/event-stream',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
      'x-request-id': expect.any(String),
    });
    expect((await answer.text()).match(/"count":\d/g)).toEqual(['"count":0', '"count":1', '"count":2']);
  });

  it('answers other types without the envelope where a route says so', async () => {
    const answer = await fetch(`${lab}/csv`);
    expect([answer.headers.get('content-type'), await answer.text()]).toEqual(['text/csv', 'a,b\n1,2\n']);
  });

  it('refuses what a handler with @Res() does not take', async () => {
    const answer = await fetch(`${lab}/sent?other=1`);
    expect(await answer.json()).toMatchObject({ code: 'VALIDATION_ERROR', details: [{ path: 'other' }] });
  });

  it('answers 503 in place of a handler that is later than its own deadline', async () => {
    const answer = await fetch(`${lab}/late`);
    expect([answer.status, await answer.json()]).toEqual([
      503,
      expect.objectContaining({ code: 'DEADLINE_EXCEEDED' }),
    ]);
  });

  it.each([
    ['JSON as it was sent', '{ "b":1,\n"a" : 2 }', 'application/json'],
    ['what is no JSON', 'token=x&text=y', 'application/x-www-form-urlencoded'],
    ['JSON that cannot be parsed', '{"a":', 'application/json; charset=utf-8'],
  ])('gives a webhook the bytes of %s', async (_, text, type) => {
    const signature = createHmac('sha256', SECRET).update(text).digest('hex');
    const headers = { 'content-type': type, 'x-signature': signature };
    expect(await post('webhook', text, headers)).toMatchObject({ outcome: 200, name: 'genuine' });
    expect(await post('webhook', `${text} `, headers)).toMatchObject({ outcome: 200, name: 'forged' });
  });

  it('holds a webhook to the bounds of bodies, and to its DTO where it has one', async () => {
    const outcomes = await Promise.all(
      ['application/json', 'text/plain'].map((type) =>
        post('webhook', 'x'.repeat(2 ** 20 + 1), { 'content-type': type }),
      ),
    );
    expect(outcomes.map(({ outcome }) => outcome)).toEqual([
      '413 PAYLOAD_TOO_LARGE',
      '413 PAYLOAD_TOO_LARGE',
    ]);
    const body = '{ "caption": "hello" }';
    expect(await post('webhook-dto', body, JSON_TYPE)).toMatchObject({ name: '22 bytes, hello' });
    expect(await post('webhook-dto', '{"caption": 1}', JSON_TYPE)).toMatchObject({
      outcome: '400 VALIDATION_ERROR',
    });
    expect(await post('webhook-dto', '{"caption":', JSON_TYPE)).toMatchObject({
      outcome: '400 MALFORMED_JSON',
    });
  });

  it.each(['application/json', 'text/plain'])(
    'tells webhooks with one Idempotency-Key apart by their bytes (%s)',
    async (type) => {
      const send = async (body: string) =>
        (await post('received', body, { 'content-type': type, 'idempotency-key': type })).outcome;
      expect([await send('{"a":1}'), await send('{"a":1}'), await send('{"a":2}')]).toEqual([
        201,
        201,
        '422 IDEMPOTENCY_KEY_REUSED',
      ]);
    },
  );

  it('takes a file with a DTO beside it', async () => {
    const form = formOf({ caption: 'My cat' }, { picture: 5_000 });
    expect(await post('picture', form)).toMatchObject({ outcome: 200, name: 'My cat: cat.png, 5000 bytes' });
    const [kept = ''] = readdirSync(UPLOADS);
    rmSync(`${UPLOADS}/${kept}`);
  });

  it.each([
    ['a field too many', formOf({ caption: 'x', other: 'y' }, { picture: 10 }), '400 VALIDATION_ERROR'],
    ['a field that is not valid', formOf({ caption: '' }, { picture: 10 }), '400 VALIDATION_ERROR'],
    ['a file that is too large', formOf({ caption: 'x' }, { picture: 100_001 }), '413 PAYLOAD_TOO_LARGE'],
    ['a file under another name', formOf({ caption: 'x' }, { other: 10 }), '400 VALIDATION_ERROR'],
  ])('refuses a form with %s, and keeps no file', async (_, form, outcome) => {
    expect(await post('picture', form)).toMatchObject({ outcome });
    await eventually(() => readdirSync(UPLOADS).length === 0);
  });

  it('takes at most ten files unless a route says otherwise', async () => {
    const files = (count: number) =>
      formOf({}, Object.fromEntries(Array.from({ length: count }, (_, index) => [`f${index}`, 10])));
    expect(await post('pictures', files(10))).toMatchObject({ outcome: 200, name: '10 files' });
    expect((await post('pictures', files(11))).outcome).toBe('400 VALIDATION_ERROR');
    expect((await post('pictures', formOf({ other: 'x' }))).outcome).toBe('400 VALIDATION_ERROR');
  });

  it('takes forms only where a route does', async () => {
    expect((await post('webhook-dto', formOf({ caption: 'x' }))).outcome).toBe('415 UNSUPPORTED_MEDIA_TYPE');
    const login = `${lab}/../auth/login`;
    const answer = await fetch(login, { method: 'POST', body: formOf({ email: 'x', password: 'y' }) });
    expect(await answer.json()).toMatchObject({ code: 'UNSUPPORTED_MEDIA_TYPE' });
  });

  /** Sends the beginning of an upload, and says how to send the rest. */
  function beginUpload() {
    const { port } = test.app.getHttpServer().address() as AddressInfo;
    const part = (head: string, text: string) =>
      `--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n${text}`;
    const body = `${part('name="caption"', 'Slow')}\r\n${part('name="picture"; filename="a.png"', 'x'.repeat(200))}\r\n--b--\r\n`;
    const socket = connect(port, '127.0.0.1');
    let answered = '';
    socket.on('data', (chunk) => (answered += chunk.toString()));
    socket.write(
      `POST /api/v1/lab/picture HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n` +
        `Content-Type: multipart/form-data; boundary=b\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, 200)}`,
    );
    return { socket, rest: body.slice(200), answer: () => answered };
  }

  it('lets an upload take longer than the handler may', async () => {
    const { socket, rest, answer } = beginUpload();
    await sleep(600);
    socket.write(rest);
    await eventually(() => answer().includes('}'));
    expect(answer()).toContain('Slow: a.png, 200 bytes');
    for (const kept of readdirSync(UPLOADS)) rmSync(`${UPLOADS}/${kept}`);
  });

  it('keeps no part of an upload that breaks off', async () => {
    const { socket } = beginUpload();
    await eventually(() => readdirSync(UPLOADS).length === 1);
    socket.destroy();
    await eventually(() => readdirSync(UPLOADS).length === 0);
  });

  it('lets a module register a plugin, whose refusals keep their status', async () => {
    const answer = await fetch(`${lab}/csv`, { headers: { 'x-refuse': '1' } });
    expect([answer.status, answer.headers.get('x-lab')]).toEqual([406, 'plugged in']);
    expect(await answer.json()).toMatchObject({ success: false, code: 'CLIENT_ERROR' });
  });

  it('gives a handler without a deadline all the time it takes', async () => {
    expect(await patient).toContain('patient');
  });

  it('ends streams of events when the server stops', async () => {
    const { body } = await fetch(`${lab}/endless`);
    const parts: string[] = [];
    const closing = { done: Promise.resolve() };
    for await (const part of body ?? []) {
      if (parts.push(Buffer.from(part as Uint8Array).toString()) === 2) closing.done = test.close();
    }
    expect(parts.join('')).toContain('"count":0');
    await closing.done;
  });
});
