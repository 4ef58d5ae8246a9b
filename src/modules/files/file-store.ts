import type { Readable } from 'node:stream';

/** A range of bytes, inclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Why the storage failed: it is full, is unavailable, or has no such content. */
export type StoreFault = 'full' | 'unavailable' | 'missing';

/** The reason for a `missing` content of which there are more or fewer bytes than there should be. */
export const SIZE_DIFFERS = 'SIZE_DIFFERS';

export class FileStoreError extends Error {
  constructor(
    readonly fault: StoreFault,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`The storage of files failed: ${reason}`, options);
  }
}

/** A content to be uploaded. */
export interface Announced {
  readonly type: string;
  readonly size: number;
}

/** Where to send the bytes of a file, and the method and headers to use. */
export interface UploadAddress {
  readonly url: string;
  readonly method: 'PUT';
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Stores the bytes of files. It knows nothing of owners, names or types: a content has a key of 24 hex digits, and is
 * written once.
 */
export abstract class FileStore {
  /**
   * Writes a content, and resolves once it would survive a crash. Errors of `chunks` are rethrown; what was written by
   * then is left for `remove`.
   * @throws FileStoreError
   */
  abstract write(key: string, chunks: AsyncIterable<Buffer>): Promise<void>;

  /**
   * A URL to which a client can send a content directly, valid for so many seconds. Undefined if clients cannot reach
   * the store, and must send it to the server.
   */
  addressFor(_key: string, _announced: Announced, _seconds: number): Promise<UploadAddress | undefined> {
    return Promise.resolve(undefined);
  }

  /**
   * @param size of the whole content
   * @throws FileStoreError, also for a content of another size, whose bytes would not fit the response
   */
  abstract read(key: string, size: number, range?: ByteRange): Promise<Readable>;

  /**
   * Removes a content, even if it is incomplete or does not exist.
   * @throws FileStoreError
   */
  abstract remove(key: string): Promise<void>;
}
