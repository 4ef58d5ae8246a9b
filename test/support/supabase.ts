import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import type { Environment } from '../../src/platform/config/env.js';

const ANON_KEY = 'anon-key-of-the-tests';

/** A key pair of the project. */
export interface SigningKey {
  readonly kid: string;
  readonly alg: 'ES256' | 'RS256';
  readonly privateKey: Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];
  readonly jwk: JWK;
}

export async function newSigningKey(alg: 'ES256' | 'RS256' = 'ES256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg);
  const kid = randomUUID();
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

/** A person as the user endpoint tells of it. */
export interface Person {
  readonly id: string;
  readonly email: string;
  readonly email_confirmed_at?: string | null;
}

/** A Supabase project of the test: it serves its keys and tells who its users are, on a port of its own. */
export class SupabaseProject {
  /** What it serves; change it to rotate keys. */
  keys: SigningKey[] = [];
  /** How often each address was asked for. */
  readonly asked = { keys: 0, user: 0 };
  /** What is answered instead; undefined is as it should be. */
  broken: ((response: ServerResponse) => void) | undefined;
  readonly secret = `${randomUUID()}${randomUUID()}`;
  private readonly people = new Map<string, Person>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<SupabaseProject> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // A test that fails before it closes this must end all the same.
    server.unref();
    const project = new SupabaseProject(server);
    project.keys = [await newSigningKey()];
    server.on('request', (request, response) => project.answer(request, response));
    return project;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get issuer(): string {
    return `${this.url}/auth/v1`;
  }

  /** What makes the product accept its tokens. */
  get env(): Environment {
    return { SUPABASE_URL: this.url, SUPABASE_ANON_KEY: ANON_KEY };
  }

  /** Somebody new, with a confirmed address unless told. */
  person(fields: Partial<Person> = {}): Person {
    const id = randomUUID();
    const person = {
      id,
      email: `${id}@example.com`,
      email_confirmed_at: new Date().toISOString(),
      ...fields,
    };
    this.people.set(id, person);
    return person;
  }

  /** What its access tokens say. */
  claims({ id, email }: Person): JWTPayload {
    const now = Math.floor(Date.now() / 1000);
    return {
      iss: this.issuer,
      aud: 'authenticated',
      sub: id,
      iat: now,
      exp: now + 3600,
      role: 'authenticated',
      is_anonymous: false,
      email,
      app_metadata: { provider: 'email', role: 'admin' },
      user_metadata: { email, email_verified: true, role: 'admin' },
      session_id: randomUUID(),
    };
  }

  /** An access token, with other claims or by another key if told. */
  token(person: Person, claims: object = {}, key = this.keys[0]): Promise<string> {
    if (!key) throw new Error('The project has no key');
    const header = { alg: key.alg, kid: key.kid, typ: 'JWT' };
    return new SignJWT({ ...this.claims(person), ...claims }).setProtectedHeader(header).sign(key.privateKey);
  }

  /** An access token as projects made them before they had keys. */
  legacyToken(person: Person, secret: string | Uint8Array = this.secret): Promise<string> {
    const bytes = typeof secret === 'string' ? new TextEncoder().encode(secret) : secret;
    const header = { alg: 'HS256', typ: 'JWT' };
    return new SignJWT(this.claims(person)).setProtectedHeader(header).sign(bytes);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private answer({ url, headers }: IncomingMessage, response: ServerResponse): void {
    const isKeys = url === '/auth/v1/.well-known/jwks.json';
    this.asked[isKeys ? 'keys' : 'user'] += 1;
    if (this.broken) return this.broken(response);
    if (isKeys) return json(response, 200, { keys: this.keys.map(({ jwk }) => jwk) });
    if (url !== '/auth/v1/user' || headers['apikey'] !== ANON_KEY) return json(response, 404, {});
    const [, payload = ''] = (headers.authorization ?? '').split('.');
    const { sub = '' } = JSON.parse(Buffer.from(payload, 'base64url').toString() || '{}') as JWTPayload;
    const person = this.people.get(sub);
    return person ? json(response, 200, person) : json(response, 403, { msg: 'session_not_found' });
  }
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
