import { createWriteStream } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ByteRange, FileStore, FileStoreError, type StoreFault } from './file-store.js';

/** What a disk answers that has no room: in general, for this user, for a file of this size. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
/** Calls that only the disk answers; what fails in a socket is the client's matter. */
const CALLS = new Set(['open', 'mkdir', 'write', 'fsync', 'close', 'read', 'fstat', 'rm', 'unlink', 'lstat']);

/** Keeps each content in a file of its own. */
export class DiskStore extends FileStore {
  constructor(private readonly folder: string) {
    super();
  }

  async write(key: string, chunks: AsyncIterable<Buffer>): Promise<void> {
    const path = this.pathOf(key);
    const failed: unknown[] = [];
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await pipeline(
        async function* () {
          try {
            yield* chunks;
          } catch (error) {
            failed.push(error);
            throw error;
          }
        },
        createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true }),
      );
    } catch (error) {
      throw failed.includes(error) ? error : faultOf(error);
    }
  }

  async read(key: string, range?: ByteRange): Promise<Readable> {
    try {
      const file = await open(this.pathOf(key));
      return file.createReadStream({ ...range, highWaterMark: 128 * 1024 });
    } catch (error) {
      throw faultOf(error);
    }
  }

  async remove(key: string): Promise<void> {
    try {
      await rm(this.pathOf(key), { force: true });
    } catch (error) {
      throw faultOf(error);
    }
  }

  /** Two folders deep: none gets so many entries that listing it takes long. The last digits of keys differ most. */
  private pathOf(key: string): string {
    return join(this.folder, key.slice(-2), key);
  }
}

/** An error of the disk as one of the storage; others as they are. */
function faultOf(error: unknown): unknown {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === undefined || !CALLS.has(syscall ?? '')) return error;
  const fault: StoreFault = FULL.has(code) ? 'full' : code === 'ENOENT' ? 'missing' : 'unavailable';
  return new FileStoreError(fault, code, { cause: error });
}
