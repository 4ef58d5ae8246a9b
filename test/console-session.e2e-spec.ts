import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import {
  browserWith,
  CONSOLE_REFRESH,
  CONSOLE_SESSION,
  cookieOf,
  HOST,
  OWN_ORIGIN,
  setCookies,
} from './support/console.js';
import { mongo } from 'mongoose';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { type Credentials, LOGIN, ME, register } from './support/users.js';
import { PRODUCT } from '../src/product/product.js';

const SESSION = `${PRODUCT.key}_session`;
const DEVICE = `${PRODUCT.key}_device`;
const FOREIGN = [
  'https://evil.example',
  'null',
  `http://${HOST}.evil.example`,
  'http://127.0.0.1:3003',
  '',
  undefined,
];

async function newUser(client: TestClient): Promise<Credentials> {
  const { email, password } = await register(client);
  return { email, password };
}

describe('the session of a browser', () => {
  let test: TestApp;
  let page: TestClient;
  let credentials: Credentials;

  beforeAll(async () => {
    test = await createTestApp({ CORS_ORIGINS: 'https://evil.example' });
    page = test.anonymous.with(OWN_ORIGIN);
    credentials = await newUser(test.anonymous);
  });
  afterAll(() => test.close());

  /** Signs in and answers the browser, and the access token that its page has. */
  async function signIn(): Promise<{ browser: TestClient; token: string; cookie: string }> {
    const answer = await page.post(CONSOLE_SESSION, credentials);
    const cookie = cookieOf(answer, SESSION) ?? '';
    const token = answer.body.data.accessToken as string;
    return { browser: browserWith(test.anonymous, { [SESSION]: cookie }), token, cookie };
  }
  const isSignedIn = async (token: string) =>
    (await test.anonymous.get(ME, { authorization: `Bearer ${token}` })).status === 200;

  it('begins as by the API, but for the refresh token, which only a cookie holds', async () => {
    const byApi = await test.anonymous.post(LOGIN, credentials);
    const answer = await page.post(CONSOLE_SESSION, credentials);
    expect(answer.outcome).toBe('200');
    const { refreshToken, ...rest } = byApi.body.data as Record<string, unknown>;
    expect(refreshToken).toEqual(expect.any(String));
    expect(answer.body).toEqual({ success: true, data: { ...rest, accessToken: expect.any(String) } });
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(setCookies(answer)).toContainEqual(
      `${SESSION}=${cookieOf(answer, SESSION)}; Path=/console/session; Max-Age=7776000; HttpOnly; SameSite=Strict`,
    );
    expect(cookieOf(answer, SESSION)).toMatch(/^fvr_[\w-]{88}$/);
    expect(answer.text).not.toContain('fvr_');
  });

  it('is refused for wrong credentials, and sets nothing', async () => {
    const answer = await page.post(CONSOLE_SESSION, { ...credentials, password: 'wrong' });
    expect([answer.outcome, setCookies(answer)]).toEqual(['401 INVALID_CREDENTIALS', []]);
  });

  it('is renewed by the cookie, which changes', async () => {
    const { browser, cookie } = await signIn();
    const answer = await browser.post(CONSOLE_REFRESH);
    expect(answer.outcome).toBe('200');
    expect(Object.keys(answer.body.data)).toEqual(['accessToken', 'tokenType', 'expiresIn', 'user']);
    expect(await isSignedIn(answer.body.data.accessToken as string)).toBe(true);
    expect(cookieOf(answer, SESSION)).toMatch(/^fvr_/);
    expect(cookieOf(answer, SESSION)).not.toBe(cookie);
    expect(answer.text).not.toContain('fvr_');
  });

  it('tells a page that another one is renewing it at this moment, and leaves the cookie alone', async () => {
    const { browser } = await signIn();
    await browser.post(CONSOLE_REFRESH);
    const answer = await browser.post(CONSOLE_REFRESH);
    expect([answer.outcome, setCookies(answer)]).toEqual(['409 REFRESH_IN_PROGRESS', []]);
  });

  it.each([
    ['no cookie', {}],
    ['an empty one', { [SESSION]: '' }],
    ['one that was made up', { [SESSION]: `fvr_${'A'.repeat(88)}` }],
    ['one of another name', { [`x${SESSION}`]: `fvr_${'A'.repeat(88)}` }],
  ])('is not renewed by %s', async (_, cookies) => {
    const answer = await browserWith(test.anonymous, cookies).post(CONSOLE_REFRESH);
    expect(answer.outcome).toBe('401 INVALID_REFRESH_TOKEN');
    expect(cookieOf(answer, SESSION) ?? '').toBe('');
  });

  it('ends with the cookie, whatever it is worth', async () => {
    const { browser, token } = await signIn();
    for (const attempt of ['the first time', 'again']) {
      const answer = await browser.delete(CONSOLE_SESSION);
      expect([attempt, answer.outcome, answer.body]).toEqual([
        attempt,
        '200',
        { success: true, message: 'Signed out' },
      ]);
      expect(setCookies(answer)).toEqual([
        `${SESSION}=; Path=/console/session; Max-Age=0; HttpOnly; SameSite=Strict`,
      ]);
    }
    expect(await isSignedIn(token)).toBe(false);
    expect((await browser.post(CONSOLE_REFRESH)).status).toBe(401);
    expect((await page.delete(CONSOLE_SESSION)).status).toBe(200);
  });

  it('is nothing that the API knows of', async () => {
    const { browser } = await signIn();
    expect((await browser.get(ME)).outcome).toBe('401 UNAUTHENTICATED');
    const answer = await browser.post(LOGIN, credentials);
    expect(setCookies(answer)).toEqual([]);
  });

  describe('cannot be used by another site', () => {
    const routes = [
      ['POST', CONSOLE_SESSION],
      ['POST', CONSOLE_REFRESH],
      ['DELETE', CONSOLE_SESSION],
    ] as const;

    it.each(routes.flatMap(([method, url]) => FOREIGN.map((origin) => ({ method, url, origin }))))(
      '$method $url from the origin $origin is refused',
      async ({ method, url, origin }) => {
        const { browser, token } = await signIn();
        const { origin: _, ...headers } = browser.headers;
        const stranger = test.anonymous.with({ ...headers, ...(origin !== undefined && { origin }) });
        const body = url === CONSOLE_SESSION && method === 'POST' ? credentials : undefined;
        const answer = await stranger.send(method, url, body);
        expect([answer.outcome, setCookies(answer)]).toEqual(['403 FORBIDDEN', []]);
        expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
        expect(await isSignedIn(token)).toBe(true);
        expect((await browser.post(CONSOLE_REFRESH)).status).toBe(200);
      },
    );

    it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
      'by a form of the type %s: refused before it is read, and of no use from the product itself',
      async (type) => {
        const form = { 'content-type': type };
        const text = JSON.stringify(credentials);
        const foreign = await test.anonymous.post(CONSOLE_SESSION, text, {
          ...form,
          host: HOST,
          origin: 'https://evil.example',
        });
        expect(foreign.outcome).toBe('403 FORBIDDEN');
        expect((await page.post(CONSOLE_SESSION, text, form)).outcome).toBe('415 UNSUPPORTED_MEDIA_TYPE');
      },
    );

    it.each([CONSOLE_SESSION, CONSOLE_REFRESH])('by a link or an image: GET %s does nothing', async (url) => {
      const { browser, token } = await signIn();
      expect((await browser.get(url)).outcome).toBe('405 METHOD_NOT_ALLOWED');
      expect(await isSignedIn(token)).toBe(true);
    });
  });

  describe('in a browser that is known', () => {
    it('keeps the mark of the browser', async () => {
      const first = await page.post(CONSOLE_SESSION, credentials);
      const mark = cookieOf(first, DEVICE);
      expect(mark).toMatch(/^[\w-]{64}$/);
      const again = await browserWith(test.anonymous, { [DEVICE]: mark }).post(CONSOLE_SESSION, credentials);
      expect(cookieOf(again, DEVICE)).toBe(mark);
    });

    it("does not make a stranger's mark known that was planted in the browser", async () => {
      const [owner, stranger] = [await newUser(test.anonymous), await newUser(test.anonymous)];
      const planted = cookieOf(await page.post(CONSOLE_SESSION, stranger), DEVICE);
      const first = await browserWith(test.anonymous, { [DEVICE]: planted }).post(CONSOLE_SESSION, owner);
      expect([first.status, cookieOf(first, DEVICE) === planted]).toEqual([200, false]);
      const wrong = { ...owner, password: 'wrong' };
      for (let n = 0; n < 30; n++) await page.from(`198.51.101.${n}`).post(CONSOLE_SESSION, wrong);
      const guess = browserWith(test.anonymous.from('203.0.113.10'), { [DEVICE]: planted });
      expect((await guess.post(CONSOLE_SESSION, wrong)).outcome).toBe('429 RATE_LIMITED');
    });

    it('is remembered for the newest fifty places of a user', async () => {
      const owner = await register(test.anonymous);
      const { email, password } = owner;
      for (let n = 0; n < 30; n++) {
        expect((await page.from(`198.51.102.${n}`).post(CONSOLE_SESSION, { email, password })).status).toBe(
          200,
        );
      }
      const { ObjectId } = mongo;
      const known = test.connection.collection('knowndevices');
      expect(await known.countDocuments({ ownerId: new ObjectId(owner.id) })).toBe(50);
    });

    it.each(['', 'A'.repeat(64), 'x', `${'A'.repeat(63)}=`])('gets a new mark for %j', async (forged) => {
      const answer = await browserWith(test.anonymous, { [DEVICE]: forged }).post(
        CONSOLE_SESSION,
        credentials,
      );
      expect(answer.status).toBe(200);
      expect(cookieOf(answer, DEVICE)).not.toBe(forged);
    });

    it('begins although strangers have used up the tries of the account', async () => {
      const owner = await newUser(test.anonymous);
      const mark = cookieOf(await page.post(CONSOLE_SESSION, owner), DEVICE);
      const wrong = { ...owner, password: 'wrong' };
      for (let n = 0; n < 30; n++) await page.from(`198.51.100.${n}`).post(CONSOLE_SESSION, wrong);
      const elsewhere = test.anonymous.from('203.0.113.9');
      expect((await elsewhere.with(OWN_ORIGIN).post(CONSOLE_SESSION, owner)).outcome).toBe(
        '429 RATE_LIMITED',
      );
      const known = await browserWith(elsewhere, { [DEVICE]: mark }).post(CONSOLE_SESSION, owner);
      expect(known.outcome).toBe('200');
    });
  });
});

describe('the cookies of a browser', () => {
  let test: TestApp;

  afterEach(() => test.close());

  it('are bound to the host and to HTTPS where the product has an https address', async () => {
    const origin = 'https://flow.example.com';
    test = await createTestApp({ PUBLIC_URL: `${origin}/` });
    const credentials = await newUser(test.anonymous);
    const own = test.anonymous.with({ host: 'behind.internal:3002', origin });
    const answer = await own.post(CONSOLE_SESSION, credentials);
    const values = [`__Host-${SESSION}`, `__Host-${DEVICE}`].map((name) => cookieOf(answer, name));
    expect(setCookies(answer).toSorted()).toEqual([
      `__Host-${DEVICE}=${values[1]}; Path=/; Max-Age=34560000; HttpOnly; SameSite=Strict; Secure`,
      `__Host-${SESSION}=${values[0]}; Path=/; Max-Age=7776000; HttpOnly; SameSite=Strict; Secure`,
    ]);
    const renewed = await own.with({ cookie: `__Host-${SESSION}=${values[0]}` }).post(CONSOLE_REFRESH);
    expect(renewed.status).toBe(200);
    // The host that was asked is no longer enough.
    const byHost = test.anonymous.with({
      host: 'behind.internal:3002',
      origin: 'http://behind.internal:3002',
    });
    expect((await byHost.post(CONSOLE_SESSION, credentials)).outcome).toBe('403 FORBIDDEN');
  });

  it('are sent over HTTPS only where the page was loaded so', async () => {
    test = await createTestApp();
    const credentials = await newUser(test.anonymous);
    const page = test.anonymous.with({ host: HOST, origin: `https://${HOST}` });
    const cookies = setCookies(await page.post(CONSOLE_SESSION, credentials));
    expect(cookies).toHaveLength(2);
    expect(cookies.filter((cookie) => cookie.endsWith('; Secure'))).toEqual(cookies);
  });
});
