import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { apiError } from '../errors/errors.js';
import { networkOf, peerOf } from './client-address.js';
import { rawFailure } from './client-error.js';

/** The limits of connections. */
export const BOUNDS = {
  /** Maximum connections in total and per client: it takes ten clients to exhaust them. */
  all: 10_000,
  perClient: 1_000,
  /** Minimum rate at which a client must read responses and send discarded bodies. */
  bytesPerSecond: 16 * 1024,
  /** How far it may fall behind while reading a response, and while its body is discarded. */
  patienceMs: { reading: 10_000, dropping: 2_000 },
  /**
   * How far at most after it has taken much: systems and proxies on the way take up to 4 MiB at once, and then nothing
   * until the client has read a good part of that.
   */
  mostPatienceMs: { reading: 256_000, dropping: 2_000 },
  /** How much is read and discarded after the last response of a connection, and for how long. */
  droppedBytes: 32 * 1024 * 1024,
  droppingMs: 10_000,
  /** The same while the server is closing. */
  droppingAtCloseMs: 1_000,
  /** How often one timer checks all connections. */
  lookEveryMs: 500,
};

/** Undocumented fields of Node's sockets. */
interface HttpSocket extends Socket {
  /** The response that is being sent. */
  readonly _httpMessage?: ServerResponse | null;
  /** `incoming` is the request that was read most recently. */
  readonly parser?: { readonly incoming?: IncomingMessage | null } | null;
  /** `writeQueueSize` is the part of `bytesWritten` that the kernel has not accepted yet. */
  readonly _handle?: {
    readonly bytesWritten: number;
    readonly writeQueueSize: number;
    reading: boolean;
    readStart(): void;
  } | null;
}

/** Whether a body is still arriving. */
function isReceiving({ parser }: HttpSocket): boolean {
  return parser?.incoming?.complete === false;
}

/** Stops parsing requests: further input is discarded, up to a limit. */
function dropInput(socket: HttpSocket, mostBytes: number): void {
  let dropped = 0;
  socket.removeAllListeners('data');
  // A listener detaches the socket from the parser, which would otherwise keep reading it.
  socket.on('data', (chunk: Buffer) => {
    dropped += chunk.length;
    if (dropped > mostBytes) socket.destroy();
  });
  socket.resume();
  const { _handle: handle } = socket;
  if (!handle || handle.reading) return;
  // A full request made the parser stop the handle. Detached from the parser, the stream would never start it again.
  handle.reading = true;
  handle.readStart();
}

/** Enforces the limits of one connection. */
class Connection {
  /** What the client must keep up with: reading responses, or sending the discarded body. */
  private held: 'reading' | 'dropping' = 'reading';
  /** Bytes transferred. */
  private bytes = 0;
  /** How many more milliseconds it may fall behind. */
  private patience = 0;
  private msLeft = 0;

  constructor(
    readonly socket: HttpSocket,
    private readonly bounds: Readonly<typeof BOUNDS>,
  ) {
    this.hold('reading');
    const destroySoon = socket.destroySoon.bind(socket);
    // Replaces Node's way to close after the last response. Closing while the client still sends resets the connection,
    // and the client may never see the response.
    socket.destroySoon = () => {
      if (!isReceiving(socket)) return destroySoon();
      dropInput(socket, bounds.droppedBytes);
      socket.end();
    };
  }

  /** Whether it is idle, or the headers are incomplete. */
  get isIdle(): boolean {
    return !this.socket._httpMessage && !isReceiving(this.socket);
  }

  /** Ends a connection that is too slow. */
  look(passedMs: number, isClosing: boolean): void {
    const now = this.isHeldTo();
    if (now !== this.held) this.hold(now);
    else if (!this.keepsUp(passedMs, isClosing)) this.socket.destroy();
  }

  private isHeldTo(): Connection['held'] {
    const { writableLength, _httpMessage: response } = this.socket;
    return writableLength === 0 && !response && isReceiving(this.socket) ? 'dropping' : 'reading';
  }

  private hold(to: Connection['held']): void {
    this.held = to;
    this.bytes = this.moved;
    this.patience = this.bounds.patienceMs[to];
    this.msLeft = this.bounds.droppingMs;
  }

  private get moved(): number {
    const { _handle: handle, bytesRead } = this.socket;
    if (this.held === 'dropping') return bytesRead;
    return handle ? handle.bytesWritten - handle.writeQueueSize : 0;
  }

  private keepsUp(passedMs: number, isClosing: boolean): boolean {
    const moved = this.moved - this.bytes;
    this.bytes += moved;
    const earnedMs = (moved / this.bounds.bytesPerSecond) * 1000;
    const patience = this.patience + earnedMs - passedMs;
    // Whoever is sent nothing is not slow.
    const least =
      this.held === 'reading' && this.socket.writableLength === 0 ? this.bounds.patienceMs.reading : 0;
    this.patience = Math.max(least, Math.min(this.bounds.mostPatienceMs[this.held], patience));
    if (this.held === 'dropping') {
      this.msLeft -= passedMs;
      if (isClosing) this.msLeft = Math.min(this.msLeft, this.bounds.droppingAtCloseMs);
    }
    return this.patience > 0 && this.msLeft > 0;
  }
}

/**
 * Limits what clients can do with connections: how many they open, how slowly they read, and how long a body may
 * continue after its response. Node limits the time for the headers, `installDeadline` that for the body.
 */
export class Connections {
  private readonly open = new Set<Connection>();
  private readonly perClient = new Map<string, number>();
  private isClosing = false;
  private lookedAt = 0;
  private timer: NodeJS.Timeout | undefined;

  /** @param isProxy whether the address of a connection is that of a proxy, which stands for many clients */
  constructor(
    server: Server,
    private readonly isProxy: ((address: string, hop: 0) => boolean) | undefined,
    private readonly bounds: Readonly<typeof BOUNDS> = BOUNDS,
  ) {
    server.on('connection', (socket) => this.admit(socket));
    server.on('close', () => this.rest());
  }

  /** How many are open. */
  get count(): number {
    return this.open.size;
  }

  /** Closes idle connections, now and from now on. */
  close(): void {
    this.isClosing = true;
    for (const { isIdle, socket } of this.open) if (isIdle) socket.destroy();
  }

  private admit(socket: Socket): void {
    if (this.isClosing || this.open.size >= this.bounds.all) {
      socket.destroy();
      return;
    }
    const address = peerOf(socket);
    const client = networkOf(address);
    const count = (this.perClient.get(client) ?? 0) + 1;
    if (count > this.bounds.perClient && !this.isProxy?.(address, 0)) {
      dropInput(socket, this.bounds.droppedBytes);
      socket.end(rawFailure(apiError('OVERLOADED')), () => socket.destroy());
      return;
    }
    const connection = new Connection(socket, this.bounds);
    this.perClient.set(client, count);
    this.open.add(connection);
    this.watch();
    socket.once('close', () => this.leave(connection, client));
  }

  /** The timer runs only while there are connections. */
  private watch(): void {
    if (this.timer) return;
    this.lookedAt = performance.now();
    this.timer = setInterval(() => this.look(), this.bounds.lookEveryMs).unref();
  }

  private rest(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private leave(connection: Connection, client: string): void {
    this.open.delete(connection);
    const count = (this.perClient.get(client) ?? 0) - 1;
    if (count > 0) this.perClient.set(client, count);
    else this.perClient.delete(client);
  }

  private look(): void {
    if (this.open.size === 0) return this.rest();
    const now = performance.now();
    // A process that was blocked has not seen what clients did in the meantime.
    const passedMs = Math.min(now - this.lookedAt, 2 * this.bounds.lookEveryMs);
    this.lookedAt = now;
    for (const connection of this.open) {
      if (this.isClosing && connection.isIdle) connection.socket.destroy();
      else connection.look(passedMs, this.isClosing);
    }
  }
}
