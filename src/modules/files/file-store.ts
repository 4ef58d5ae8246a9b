import type { Readable } from 'node:stream';

/** Which bytes of a file, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Why a storage failed: it has no room, does not answer, or has no such content. */
export type StoreFault = 'full' | 'unavailable' | 'missing';

export class FileStoreError extends Error {
  constructor(
    readonly fault: StoreFault,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`The storage of files failed: ${reason}`, options);
  }
}

/** What is to be uploaded. */
export interface Announced {
  readonly type: string;
  readonly size: number;
}

/** Where to send the bytes of a file, and with what. */
export interface UploadAddress {
  readonly url: string;
  readonly method: 'PUT';
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Where the bytes of files are. It knows nothing of owners, names or types: a content has a key of 24 hex digits, and
 * is written once.
 */
export abstract class FileStore {
  /**
   * Writes a content and resolves when it would survive a crash. What `chunks` throws is thrown on, and what was
   * written by then is left for `remove`.
   * @throws FileStoreError
   */
  abstract write(key: string, chunks: AsyncIterable<Buffer>): Promise<void>;

  /**
   * An address to which a client sends a content itself, valid for so many seconds. Undefined where clients cannot
   * reach the store: they send it to the server.
   */
  addressFor(_key: string, _announced: Announced, _seconds: number): Promise<UploadAddress | undefined> {
    return Promise.resolve(undefined);
  }

  /** @throws FileStoreError */
  abstract read(key: string, range?: ByteRange): Promise<Readable>;

  /**
   * Removes a content, also one that was not written to its end, or that is not there.
   * @throws FileStoreError
   */
  abstract remove(key: string): Promise<void>;
}
