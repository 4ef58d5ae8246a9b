import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { type ApiError, apiError } from '../../platform/errors/errors.js';
import { FileErrors } from './file.errors.js';
import { HEAD_BYTES, isText, typeOf } from './file-types.js';

/** A sender who sends nothing for so long is given up. */
const SILENT_MS = 30_000;

/** What is on its way, and what its sender says of it. */
export interface Sent {
  readonly name: string;
  readonly type: string;
  readonly stream: Readable;
}

interface Bounds {
  readonly maxBytes: number;
  readonly types: readonly string[];
}

/** What a sender sends, up to its bound. @throws ApiError REQUEST_TIMEOUT for who is silent, and what `refuse` makes */
export async function* bounded(
  stream: Readable,
  maxBytes: number,
  refuse: () => ApiError,
  { isLeftOpen = false } = {},
): AsyncGenerator<Buffer> {
  let size = 0;
  const timer = setTimeout(() => stream.destroy(apiError('REQUEST_TIMEOUT')), SILENT_MS).unref();
  try {
    // To close a request would be to close its connection, before it is answered.
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

/** A client that is refused may send the rest, or it would not see the answer; but not for ever, and not in silence. */
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

/** A file on its way from the client to the store: judged while it passes, and never held as a whole. */
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

  /** Text is told from the absence of any other type, so it has to stay text. */
  private judge(chunk: Buffer): void {
    if (isText(this.type) && chunk.includes(0)) throw apiError(FileErrors.FILE_TYPE_NOT_ALLOWED);
  }
}
