import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { OidcServer } from './oidc.js';
import type { TestApp } from './test-app.js';
import type { Answer, TestClient } from './test-client.js';

/** PUBLIC_URL of the tests. */
export const ORIGIN = 'https://app.example.com';
/** Where sign-ins lead back to. */
export const PAGE = `${ORIGIN}/login`;
export const OAUTH = '/api/v1/auth/oauth';

/** What a client redeems. */
export interface Redemption {
  readonly code: string;
  readonly codeVerifier: string;
}

/** A client that has made up a secret, and the browser that it runs in. */
export class Visitor {
  readonly verifier = randomBytes(32).toString('base64url');
  readonly codeChallenge = createHash('sha256').update(this.verifier).digest('base64url');
  cookie = '';

  constructor(
    private readonly test: TestApp,
    private readonly server: OidcServer,
  ) {}

  /** Where a sign-in leads to at the provider. */
  async start(fields: object = {}): Promise<URL> {
    const body = { redirectTo: PAGE, codeChallenge: this.codeChallenge, ...fields };
    const address = `${OAUTH}/${this.server.name}`;
    const answer = await this.test.anonymous.post(address, body, { cookie: this.cookie });
    if (answer.status !== 200) throw new Error(`Not started: ${answer.text}`);
    this.cookie = String(answer.headers['set-cookie']).split(';')[0] ?? '';
    return new URL(String(answer.body.data.url));
  }

  /** Comes back from the provider, and is led on. */
  comeBack({ pathname, search }: URL): Promise<Answer> {
    return this.test.anonymous.get(`${pathname}${search}`, { cookie: this.cookie });
  }

  /** Everything up to the address of the page in the end. */
  async visit(login: string, fields: object = {}): Promise<URL> {
    return ledTo(await this.comeBack(await this.server.signIn((await this.start(fields)).href, login)));
  }

  async codeFor(login: string, fields: object = {}): Promise<Redemption> {
    const led = await this.visit(login, fields);
    const code = led.searchParams.get('code');
    if (code === null) throw new Error(`There is no code in ${led.href}`);
    return { code, codeVerifier: this.verifier };
  }
}

/** Where an answer leads a browser. */
export function ledTo({ status, headers, text }: Answer): URL {
  if (status !== 303 || headers['cache-control'] !== 'no-store') throw new Error(`Led nowhere: ${text}`);
  return new URL(String(headers['location']));
}

/** The page that somebody was led to, the error and the code that it was told. */
export function errorOf({ origin, pathname, searchParams }: URL): readonly (string | null)[] {
  return [origin + pathname, searchParams.get('error'), searchParams.get('code')];
}

/** Somebody new at the provider, by the id there. */
export function newAt({ people }: OidcServer, claims: object = {}): string {
  const id = randomUUID();
  people.set(id, { email: `${id}@example.com`, email_verified: true, name: 'Ada Lovelace', ...claims });
  return id;
}

export function redeem({ anonymous }: TestApp, body: object): Promise<Answer> {
  return anonymous.post(`${OAUTH}/token`, body);
}

/** Signs somebody in by its id at the provider. */
export async function signInAt(test: TestApp, server: OidcServer, login: string): Promise<TestClient> {
  const answer = await redeem(test, await new Visitor(test, server).codeFor(login));
  if (answer.status !== 200) throw new Error(`Not signed in: ${answer.text}`);
  return test.anonymous.with({ authorization: `Bearer ${String(answer.body.data.accessToken)}` });
}
