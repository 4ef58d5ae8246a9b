import { createWriteStream } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
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
    await mkdir(dirname(path), { recursive: true, mode: 0o700 }).catch(refuse);
    await writeTo(createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true }), chunks);
  }

  async read(key: string, range?: ByteRange): Promise<Readable> {
    const file = await open(this.pathOf(key)).catch(refuse);
    return file.createReadStream({ ...range, highWaterMark: 128 * 1024 });
  }

  async remove(key: string): Promise<void> {
    await rm(this.pathOf(key), { force: true }).catch(refuse);
  }

  /** Two folders deep: none gets so many entries that listing it takes long. The last digits of keys differ most. */
  private pathOf(key: string): string {
    return join(this.folder, key.slice(-2), key);
  }
}

/**
 * Writes chunks to the disk. What they throw is thrown on.
 * @throws FileStoreError for what the disk cannot do
 */
async function writeTo(file: Writable, chunks: AsyncIterable<Buffer>): Promise<void> {
  const failed: unknown[] = [];
  const noted = async function* (): AsyncGenerator<Buffer> {
    try {
      yield* chunks;
    } catch (error) {
      failed.push(error);
      throw error;
    }
  };
  try {
    await pipeline(noted, file);
  } catch (error) {
    throw failed.includes(error) ? error : faultOf(error);
  }
}

/** @throws FileStoreError */
export function refuse(error: unknown): never {
  throw faultOf(error);
}

/** An error of the disk as one of the storage; others as they are. */
function faultOf(error: unknown): unknown {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === undefined || !CALLS.has(syscall ?? '')) return error;
  const fault: StoreFault = FULL.has(code) ? 'full' : code === 'ENOENT' ? 'missing' : 'unavailable';
  return new FileStoreError(fault, code, { cause: error });
}
