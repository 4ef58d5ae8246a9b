import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { type ApiError, apiError } from '../../platform/errors/errors.js';
import { FileErrors } from './file.errors.js';
import { HEAD_BYTES, isText, typeOf } from './file-types.js';

/** An upload without a byte for this long is aborted, in milliseconds. */
const SILENT_MS = 30_000;

/** Bytes in transit, and what the client says about them. */
export interface Sent {
  readonly name: string;
  readonly type: string;
  readonly stream: Readable;
}

interface Bounds {
  readonly maxBytes: number;
  readonly types: readonly string[];
}

/** Reads up to `maxBytes`. @throws ApiError REQUEST_TIMEOUT for a stalled client, and the error of `refuse` */
export async function* bounded(
  stream: Readable,
  maxBytes: number,
  refuse: () => ApiError,
  { isLeftOpen = false } = {},
): AsyncGenerator<Buffer> {
  let size = 0;
  const timer = setTimeout(() => stream.destroy(apiError('REQUEST_TIMEOUT')), SILENT_MS).unref();
  try {
    // Destroying a request would close its connection before the response is sent.
    for await (const chunk of stream.iterator({ destroyOnReturn: !isLeftOpen }) as AsyncIterable<Buffer>) {
      timer.refresh();
      size += chunk.length;
      if (size > maxBytes) throw refuse();
      yield chunk;
    }
  } finally {
    clearTimeout(timer);
  }
}

/** A refused client may send the rest, or it might not see the response; but only for a limited time. */
export function letFinish(stream: Readable, most: number, silentMs = SILENT_MS): void {
  let left = most;
  const timer = setTimeout(() => stream.destroy(), silentMs).unref();
  for (const end of ['end', 'close']) stream.once(end, () => clearTimeout(timer));
  stream.on('data', (chunk: Buffer) => {
    timer.refresh();
    left -= chunk.length;
    if (left < 0) stream.destroy();
  });
}

/** A file on its way from the client to the store. It is checked in passing, and never held in memory as a whole. */
export class Incoming {
  size = 0;
  type = '';
  private readonly digest = createHash('sha256');

  constructor(
    private readonly sent: Sent,
    private readonly bounds: Bounds,
  ) {}

  get sha256(): string {
    return this.digest.copy().digest('hex');
  }

  /** Its bytes. @throws ApiError FILE_TOO_LARGE, FILE_TYPE_NOT_ALLOWED, REQUEST_TIMEOUT */
  async *chunks(): AsyncGenerator<Buffer> {
    const head: Buffer[] = [];
    for await (const chunk of this.counted()) {
      if (this.type !== '') {
        this.judge(chunk);
        yield chunk;
        continue;
      }
      head.push(chunk);
      if (this.size >= HEAD_BYTES) yield await this.begin(head);
    }
    if (this.type === '') yield await this.begin(head);
  }

  private async *counted(): AsyncGenerator<Buffer> {
    const tooLarge = () => apiError(FileErrors.FILE_TOO_LARGE);
    for await (const chunk of bounded(this.sent.stream, this.bounds.maxBytes, tooLarge)) {
      this.size += chunk.length;
      this.digest.update(chunk);
      yield chunk;
    }
  }

  private async begin(chunks: readonly Buffer[]): Promise<Buffer> {
    const head = Buffer.concat(chunks);
    const type = await typeOf(head, this.sent);
    if (type === undefined || !this.bounds.types.includes(type)) {
      throw apiError(FileErrors.FILE_TYPE_NOT_ALLOWED);
    }
    this.type = type;
    return head;
  }

  /** Text is the fallback type, so all of it has to be text. */
  private judge(chunk: Buffer): void {
    if (isText(this.type) && chunk.includes(0)) throw apiError(FileErrors.FILE_TYPE_NOT_ALLOWED);
  }
}
