import type { Answer, TestClient } from './test-client.js';

export const CONSOLE_SESSION = '/console/session';
export const CONSOLE_REFRESH = '/console/session/refresh';

export const HOST = '127.0.0.1:3002';
/** What a browser sends for a page of the product. */
export const OWN_ORIGIN = { host: HOST, origin: `http://${HOST}` };

/** The cookies that an answer sets, whole. */
export function setCookies({ headers }: Answer): string[] {
  return [headers['set-cookie'] ?? []].flat();
}

/** The value that an answer gives a cookie; empty for one that it removes. */
export function cookieOf(answer: Answer, name: string): string | undefined {
  const cookie = setCookies(answer).find((each) => each.startsWith(`${name}=`));
  return cookie?.slice(name.length + 1).split(';', 1)[0];
}

/** The same client as a browser that has these cookies. */
export function browserWith(
  client: TestClient,
  cookies: Readonly<Record<string, string | undefined>>,
): TestClient {
  const cookie = Object.entries(cookies).map(([name, value]) => `${name}=${value}`);
  return client.with({ ...OWN_ORIGIN, cookie: cookie.join('; ') });
}
