import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';

/** A request as it arrived. */
export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What an event is to who receives it. */
export interface Message {
  readonly type: string;
  readonly timestamp: string;
  readonly data: {
    readonly record: string;
    readonly changes: readonly { to: unknown }[];
    readonly object: unknown;
  };
}

/** The other side of webhooks: a server on loopback that answers as a test says, by path. */
export class Receiver {
  readonly received: Received[] = [];
  readonly answers = new Map<string, (response: ServerResponse, received: Received) => void>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Receiver> {
    const server = createServer();
    const receiver = new Receiver(server);
    server.on('request', (request, response) => {
      void receiver.take(request, response);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return receiver;
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const received = { path: request.url ?? '', headers: request.headers, body: await text(request) };
    this.received.push(received);
    const answer = this.answers.get(received.path);
    if (answer) answer(response, received);
    else response.end('ok');
  }

  /** The address of a path. */
  at(path: string): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${path}`;
  }

  /** What arrived at a path. */
  of(path: string): Received[] {
    return this.received.filter((each) => each.path === path);
  }

  answer(path: string, status: number, body = '', headers: Readonly<Record<string, string>> = {}): void {
    this.answers.set(path, (response) => response.writeHead(status, headers).end(body));
  }

  close(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** What a request says, once the library of the standard has verified it. */
export function verified({ body, headers }: Received, secret: string): Message {
  return new Webhook(secret).verify(body, headers as Record<string, string>) as Message;
}
