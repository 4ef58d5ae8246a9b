import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { TRUSTED } from '../../src/modules/users/password-hasher.js';
import { UsersService } from '../../src/modules/users/users.service.js';
import type { Role } from '../../src/modules/users/roles.js';
import { checkAnswer } from './answer-rules.js';

type Headers = Readonly<Record<string, string>>;

/** An answer: status, headers, and the body as JSON when it is JSON. */
export interface Answer {
  readonly status: number;
  /** The status, and the code of a failure: `200`, `404 PROJECT_NOT_FOUND`. */
  readonly outcome: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
  // The tests say what they expect of a body; they are what checks it.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
}

/** Tokens, as signing in answers them. */
interface SignedIn {
  readonly accessToken: string;
  readonly refreshToken: string;
}

export const PASSWORD = 'correct horse battery';

/**
 * The answer to a request that is sent again, a second later, while a machine that is too busy answers 503, as
 * that answer asks for; five times at most. The request may have had its effect before it was answered 503.
 */
export async function untilTaken(
  send: () => Promise<Answer>,
  isBusy = ({ status }: Answer) => status === 503,
): Promise<Answer> {
  let answer = await send();
  for (let times = 0; isBusy(answer) && times < 5; times++) {
    await sleep(1_000);
    answer = await send();
  }
  return answer;
}

/** Whether a request was refused for a moment's load, before anything was done for it. */
export const isOverloaded = ({ outcome }: Answer): boolean => outcome === '503 OVERLOADED';

/** Sends requests through the whole server, without a socket. Every answer is held to `checkAnswer`. */
export class TestClient {
  constructor(
    private readonly app: NestFastifyApplication,
    /** Sent with every request. */
    readonly headers: Headers = {},
    /** Id of the signed-in user; empty for nobody. */
    readonly userId = '',
    private readonly address = '127.0.0.1',
    /** What the sign-in gave. */
    readonly signedIn: SignedIn = { accessToken: '', refreshToken: '' },
  ) {}

  /** Id of the session; empty for nobody. */
  get sessionId(): string {
    const [, claims = ''] = this.signedIn.accessToken.split('.');
    return claims && (JSON.parse(Buffer.from(claims, 'base64url').toString()) as { sid: string }).sid;
  }

  /** The same caller with more headers. */
  with(headers: Headers): TestClient {
    return new TestClient(
      this.app,
      { ...this.headers, ...headers },
      this.userId,
      this.address,
      this.signedIn,
    );
  }

  /** The same caller from another address. */
  from(address: string): TestClient {
    return new TestClient(this.app, this.headers, this.userId, address, this.signedIn);
  }

  get = (url: string, headers?: Headers) => this.send('GET', url, undefined, headers);
  head = (url: string, headers?: Headers) => this.send('HEAD', url, undefined, headers);
  post = (url: string, body?: unknown, headers?: Headers) => this.send('POST', url, body, headers);
  put = (url: string, body?: unknown, headers?: Headers) => this.send('PUT', url, body, headers);
  patch = (url: string, body?: unknown, headers?: Headers) => this.send('PATCH', url, body, headers);
  delete = (url: string, headers?: Headers) => this.send('DELETE', url, undefined, headers);

  /** A body that is a text or bytes is sent as it is, anything else as JSON. */
  async send(method: string, url: string, body?: unknown, headers: Headers = {}): Promise<Answer> {
    const isRaw = typeof body === 'string' || Buffer.isBuffer(body);
    const response = await this.app.inject({
      method: method as 'GET',
      url,
      remoteAddress: this.address,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...this.headers,
        ...headers,
      },
      ...(body !== undefined && { payload: isRaw ? body : JSON.stringify(body) }),
    });
    const isJson = String(response.headers['content-type']).startsWith('application/json');
    const answered =
      isJson && response.payload !== '' ? (JSON.parse(response.payload) as { code?: string }) : undefined;
    const answer: Answer = {
      status: response.statusCode,
      outcome: [response.statusCode, answered?.code].filter(Boolean).join(' '),
      headers: response.headers as Answer['headers'],
      text: response.payload,
      body: answered,
    };
    checkAnswer(`${method} ${url}`, answer);
    return answer;
  }

  /** Creates a user and signs it in. */
  async signIn(role: Role = 'user'): Promise<TestClient> {
    const email = `${randomUUID()}@example.com`;
    const fields = { email, name: role, password: PASSWORD, role, emailVerified: true };
    await this.app.get(UsersService).create(fields, TRUSTED);
    return this.signInAs({ email, password: PASSWORD });
  }

  /** Signs a user in who is there already. */
  async signInAs({ email, password }: { email: string; password: string }): Promise<TestClient> {
    const credentials = { email, password };
    // What a test is about comes later.
    const { status, text, body } = await untilTaken(() => this.post('/api/v1/auth/login', credentials));
    if (status !== 200) throw new Error(`Not signed in: ${text}`);
    const signedIn = body.data as SignedIn & { user: { id: string } };
    const headers = { authorization: `Bearer ${signedIn.accessToken}` };
    return new TestClient(this.app, headers, signedIn.user.id, this.address, signedIn);
  }
}
