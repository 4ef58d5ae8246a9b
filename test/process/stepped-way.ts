import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** What a driver asks on its own account, whether or not a request is under way. */
const BACKGROUND: ReadonlySet<string> = new Set([
  'hello',
  'isMaster',
  'saslStart',
  'saslContinue',
  'ping',
  'getMore',
  'endSessions',
  'killSessions',
]);

const OP_MSG = 2013;
/** Header, flags, kind of the first section, length and type of the first field: there the command's name begins. */
const NAME_AT = 16 + 4 + 1 + 4 + 1;

/** Where a request is held: at a command to the database, before that arrives or after it was carried out. */
export interface Stop {
  /** Which of the commands, from 0; or the first that has this name, such as `delete` or `delete projects`. */
  readonly step: number | string;
  readonly when: 'before' | 'after';
}

/** The messages that have arrived whole, and the bytes of the next one. */
function messagesOf(bytes: Buffer): { whole: Buffer[]; rest: Buffer } {
  const whole: Buffer[] = [];
  let rest = bytes;
  while (rest.length >= 4 && rest.length >= rest.readInt32LE(0)) {
    whole.push(rest.subarray(0, rest.readInt32LE(0)));
    rest = rest.subarray(rest.readInt32LE(0));
  }
  return { whole, rest };
}

function commandOf(message: Buffer): string {
  // Also what looks for transactions that nobody goes on with.
  if (message.readInt32LE(12) !== OP_MSG || message.includes('$currentOp')) return 'hello';
  return message.toString('latin1', NAME_AT, message.indexOf(0, NAME_AT));
}

/** The collection that a command is about, if it is about one. */
function collectionOf(message: Buffer): string {
  const at = message.indexOf(0, NAME_AT) + 5;
  return message.toString('latin1', at, message.indexOf(0, at));
}

/** A way to a real mongod that holds a process at one of its commands, so that it can be killed there. */
export class SteppedWay {
  /** The commands since `watch`. */
  steps: string[] = [];
  private stop: Stop | undefined;
  private held: () => void = () => undefined;
  private goOn: () => void = () => undefined;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly mongod: URL,
  ) {}

  static async open(uri: string): Promise<SteppedWay> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const way = new SteppedWay(server, new URL(uri));
    server.on('connection', (client) => way.lead(client));
    return way;
  }

  /** The address of mongod by this way. */
  get uri(): string {
    const { port } = this.server.address() as AddressInfo;
    const uri = new URL(this.mongod);
    uri.port = String(port);
    return uri.href;
  }

  /** Counts commands from now on; resolves when the one is held that `stop` names. */
  watch(stop?: Stop): Promise<void> {
    this.steps = [];
    this.stop = stop;
    return new Promise((resolve) => (this.held = resolve));
  }

  /** Lets the command go on that is held before it arrives. */
  release(): void {
    this.goOn();
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private lead(client: Socket): void {
    const mongod = connect(Number(this.mongod.port), this.mongod.hostname);
    for (const socket of [client, mongod]) {
      this.sockets.add(socket.on('error', () => undefined));
      socket.on('close', () => [client, mongod].map((each) => each.destroy()));
    }
    /** The number of the message whose answer is held. */
    let heldId: number | undefined;
    let asked: Buffer = Buffer.alloc(0);
    let answered: Buffer = Buffer.alloc(0);
    client.on('data', (bytes) => {
      const { whole, rest } = messagesOf(Buffer.concat([asked, bytes]));
      asked = rest;
      for (const message of whole) {
        if (this.isStopAt(commandOf(message), collectionOf(message))) {
          if (this.stop?.when === 'before') {
            this.goOn = () => void mongod.write(message);
            return this.held();
          }
          heldId = message.readInt32LE(4);
        }
        mongod.write(message);
      }
      return undefined;
    });
    mongod.on('data', (bytes) => {
      const { whole, rest } = messagesOf(Buffer.concat([answered, bytes]));
      answered = rest;
      for (const message of whole) {
        if (heldId !== undefined && message.readInt32LE(8) === heldId) return this.held();
        client.write(message);
      }
      return undefined;
    });
  }

  private isStopAt(command: string, collection: string): boolean {
    if (BACKGROUND.has(command)) return false;
    const index = this.steps.push(command) - 1;
    return [index, command, `${command} ${collection}`].includes(this.stop?.step ?? -1);
  }
}
