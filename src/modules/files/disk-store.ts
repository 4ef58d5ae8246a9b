import { createWriteStream } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type ByteRange, FileStore, FileStoreError, SIZE_DIFFERS, type StoreFault } from './file-store.js';

/** Errors of a full disk: out of space, over the user's quota, file too large. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
/** System calls on files; errors of sockets are the client's. */
const CALLS = new Set(['open', 'mkdir', 'write', 'fsync', 'close', 'read', 'fstat', 'rm', 'unlink', 'lstat']);

/** Stores each content in a separate file. */
export class DiskStore extends FileStore {
  constructor(private readonly folder: string) {
    super();
  }

  async write(key: string, chunks: AsyncIterable<Buffer>): Promise<void> {
    const path = this.pathOf(key);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 }).catch(refuse);
    await writeTo(createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true }), chunks);
  }

  async read(key: string, size: number, range?: ByteRange): Promise<Readable> {
    const file = await open(this.pathOf(key)).catch(refuse);
    const found = await file.stat();
    if (found.size !== size) {
      await file.close();
      throw new FileStoreError('missing', SIZE_DIFFERS);
    }
    // With an end, the file is not read again to find it.
    const whole = size > 0 && { end: size - 1 };
    return file.createReadStream({ ...whole, ...range, highWaterMark: 128 * 1024 });
  }

  async remove(key: string): Promise<void> {
    await rm(this.pathOf(key), { force: true }).catch(refuse);
  }

  /** Two levels of folders keep each of them small. The last digits of keys vary the most. */
  private pathOf(key: string): string {
    return join(this.folder, key.slice(-2), key);
  }
}

/**
 * Writes chunks to the disk. Errors of the source are rethrown.
 * @throws FileStoreError for errors of the disk
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

/** Converts errors of the disk to errors of the storage; others stay as they are. */
function faultOf(error: unknown): unknown {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === undefined || !CALLS.has(syscall ?? '')) return error;
  const fault: StoreFault = FULL.has(code) ? 'full' : code === 'ENOENT' ? 'missing' : 'unavailable';
  return new FileStoreError(fault, code, { cause: error });
}
