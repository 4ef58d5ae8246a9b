import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { apiError } from '../../platform/errors/errors.js';
import { FileErrors } from './file.errors.js';
import { HEAD_BYTES, isText, typeOf } from './file-types.js';

/** A sender who sends nothing for so long is given up. */
const SILENT_MS = 30_000;

interface Bounds {
  readonly maxBytes: number;
  readonly types: readonly string[];
}

/** A file on its way from the client to the store: judged while it passes, and never held as a whole. */
export class Incoming {
  size = 0;
  type = '';
  private readonly digest = createHash('sha256');

  constructor(
    private readonly sent: { readonly name: string; readonly type: string; readonly stream: Readable },
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
    const { stream } = this.sent;
    const timer = setTimeout(() => stream.destroy(apiError('REQUEST_TIMEOUT')), SILENT_MS).unref();
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        timer.refresh();
        this.size += chunk.length;
        if (this.size > this.bounds.maxBytes) throw apiError(FileErrors.FILE_TOO_LARGE);
        this.digest.update(chunk);
        yield chunk;
      }
    } finally {
      clearTimeout(timer);
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
