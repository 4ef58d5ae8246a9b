import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';

/** The answer to a request over a real connection. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  // oxlint-disable-next-line typescript/no-explicit-any -- the tests say what they expect of a body
  readonly body: any;
  /** How long it took. */
  readonly ms: number;
}

/** Sends requests over real connections, as one user once it has signed in. */
export class HttpCaller {
  constructor(
    readonly url: string,
    readonly token?: string,
  ) {}

  /** What says who it is. */
  get headers(): Readonly<Record<string, string>> {
    return this.token === undefined ? {} : { authorization: `Bearer ${this.token}` };
  }

  async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<HttpAnswer> {
    const started = Date.now();
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        ...headers,
        ...this.headers,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && {
        body: Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body),
      }),
      signal: AbortSignal.timeout(20_000),
    });
    const answer: unknown = await response.json();
    return { status: response.status, headers: response.headers, body: answer, ms: Date.now() - started };
  }

  get = (path: string) => this.send('GET', path);
  post = (path: string, body: unknown, headers?: Readonly<Record<string, string>>) =>
    this.send('POST', path, body, headers);

  /** The same caller, registered unless it was before, and signed in. */
  async signIn(email = 'ada@example.com', password = 'correct horse battery'): Promise<HttpCaller> {
    await this.post('/api/v1/auth/register', { email, password });
    const { body } = await this.post('/api/v1/auth/login', { email, password });
    return new HttpCaller(this.url, body.data.accessToken as string);
  }

  /** The same user at another address. */
  at(url: string): HttpCaller {
    return new HttpCaller(url, this.token);
  }

  /** Sends a POST up to the middle of its body; `finish` sends the rest and resolves with the whole answer. */
  async beginPost(path: string, body: unknown): Promise<{ socket: Socket; finish(): Promise<string> }> {
    const { hostname, port } = new URL(this.url);
    const payload = JSON.stringify(body);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    const head = [
      `POST ${path} HTTP/1.1`,
      `Host: ${hostname}`,
      `Authorization: Bearer ${this.token}`,
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(payload)}`,
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n${payload.slice(0, 5)}`);
    return {
      socket,
      finish: () => {
        socket.write(payload.slice(5));
        return text(socket);
      },
    };
  }
}
