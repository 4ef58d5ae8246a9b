import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A way to a server on this machine that can be slowed down and cut, as a network is. */
export class Relay {
  /** How much later the server's answers arrive, in milliseconds. */
  delayMs = 0;
  /** Whose packets get lost, by the port that they come from. Nobody's unless set. */
  isCutFor: (port: number) => boolean = () => false;
  /** Whether a connection that has been answered once is closed as soon as it is used again, unheard. */
  isForOneAnswer = false;
  /** What is answered in place of the server, to a request that begins like this. */
  answerTo: (request: string) => string | undefined = () => undefined;
  /** After so many bytes of the server a connection breaks. */
  mostBytes = Infinity;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    readonly port: number,
  ) {}

  /** @param target the port to lead to, which may be known later */
  static async to(target: () => number): Promise<Relay> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const relay = new Relay(server, (server.address() as AddressInfo).port);
    server.on('connection', (client) => relay.lead(client, target()));
    return relay;
  }

  /** Breaks all connections, as what has lost packets does in the end. */
  breakAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  close(): void {
    this.server.close();
    this.breakAll();
  }

  private lead(client: Socket, target: number): void {
    const server = connect(target, '127.0.0.1');
    const from = client.remotePort ?? 0;
    for (const socket of [client, server]) {
      this.sockets.add(socket.setNoDelay().on('error', () => undefined));
      socket.on('close', () => {
        this.sockets.delete(socket);
        for (const each of [client, server]) each.destroy();
      });
    }
    let isAnswered = false;
    client.on('data', (bytes) => {
      const answer = this.answerTo(bytes.toString('latin1', 0, 200));
      if (answer !== undefined) client.end(answer);
      else if (this.isForOneAnswer && isAnswered) client.destroy();
      else if (!this.isCutFor(from)) server.write(bytes);
    });
    let left = this.mostBytes;
    server.on('data', (bytes) => {
      isAnswered = true;
      left -= bytes.length;
      if (left < 0) return void client.resetAndDestroy();
      const pass = () => void (this.isCutFor(from) || client.destroyed || client.write(bytes));
      if (this.delayMs === 0) pass();
      else setTimeout(pass, this.delayMs);
    });
  }
}
