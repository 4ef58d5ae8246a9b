import { once } from 'node:events';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { apiError } from '../../platform/errors/errors.js';
import type { DomainEvents } from '../../platform/logging/events.js';
import { FileErrors } from './file.errors.js';
import { FileEvents } from './file.events.js';
import { FileScanner } from './file-scanner.js';

const CONNECT_MS = 5_000;
/** Longer than clamd's own limit for a file (`MaxScanTime`). */
const SILENT_MS = 150_000;
const MAX_REPLY = 1_024;

/**
 * Scans files with clamd's INSTREAM command: chunks, each preceded by its length, and an empty one at the end. A file is
 * sent once it is stored completely, so that slow uploads do not occupy clamd's few threads.
 */
export class ClamdScanner extends FileScanner {
  constructor(
    private readonly address: NetConnectOpts,
    private readonly events: DomainEvents,
  ) {
    super();
  }

  async judge(read: () => Promise<Readable>): Promise<void> {
    const content = await read();
    const verdict = await this.ask(content);
    if (verdict === 'stream: OK') return;
    const [, signature] = /^stream: (.+) FOUND$/.exec(verdict) ?? [];
    if (signature === undefined) throw this.unavailable(verdict);
    this.events.record(FileEvents.file_infected, { signature });
    throw apiError(FileErrors.FILE_INFECTED);
  }

  private async ask(content: Readable): Promise<string> {
    const socket = connect(this.address);
    const reply = replyOf(socket);
    try {
      // clamd may answer before it has received everything: when the file is too large.
      await Promise.race([reply, send(socket, content)]);
      return await reply;
    } catch (error) {
      if (error === content.errored) throw apiError(FileErrors.STORAGE_UNAVAILABLE, { cause: error });
      const { code, message } = error as NodeJS.ErrnoException;
      throw this.unavailable(code ?? message);
    } finally {
      socket.destroy();
      content.destroy();
    }
  }

  private unavailable(reason: string) {
    this.events.record(FileEvents.file_scanner_failed, { reason });
    return apiError(FileErrors.SCANNER_UNAVAILABLE);
  }
}

/** clamd's reply, without the NUL that ends it. */
function replyOf(socket: Socket): Promise<string> {
  const reply = new Promise<string>((resolve, reject) => {
    let text = '';
    socket
      .setTimeout(CONNECT_MS, () => socket.destroy(new Error('it says nothing')))
      .once('connect', () => socket.setTimeout(SILENT_MS))
      .on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
        if (text.includes('\0')) resolve(text.slice(0, text.indexOf('\0')).trim());
        else if (text.length > MAX_REPLY) socket.destroy(new Error('it says too much'));
      })
      .on('error', reject)
      .on('close', () => reject(new Error('it said nothing')));
  });
  // Awaited later: without a handler, an early rejection would end the process.
  reply.catch(() => undefined);
  return reply;
}

async function send(socket: Socket, content: Readable): Promise<void> {
  socket.write('zINSTREAM\0');
  for await (const chunk of content as AsyncIterable<Buffer>) {
    if (chunk.length === 0) continue;
    socket.write(lengthOf(chunk));
    if (!socket.write(chunk)) await once(socket, 'drain');
  }
  socket.write(lengthOf(Buffer.alloc(0)));
}

function lengthOf({ length }: Buffer): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(length);
  return bytes;
}
