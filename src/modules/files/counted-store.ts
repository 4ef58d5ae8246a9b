import type { Readable } from 'node:stream';
import { FileMetrics } from './file.metrics.js';
import {
  type Announced,
  type ByteRange,
  FileStore,
  FileStoreError,
  type UploadAddress,
} from './file-store.js';

/** A store that counts its operations. */
export class CountedStore extends FileStore {
  constructor(
    private readonly store: FileStore,
    private readonly metrics: FileMetrics,
  ) {
    super();
  }

  /** The duration includes that of the client, whose bytes are written as they arrive. */
  write(key: string, chunks: AsyncIterable<Buffer>): Promise<void> {
    return this.count('write', () => this.store.write(key, this.counted(chunks)));
  }

  override addressFor(
    key: string,
    announced: Announced,
    seconds: number,
  ): Promise<UploadAddress | undefined> {
    return this.store.addressFor(key, announced, seconds);
  }

  /** The duration until the first bytes. */
  read(key: string, size: number, range?: ByteRange): Promise<Readable> {
    return this.count('read', () => this.store.read(key, size, range));
  }

  remove(key: string): Promise<void> {
    return this.count('remove', () => this.store.remove(key));
  }

  private async *counted(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      yield chunk;
      this.metrics.wrote(chunk.length);
    }
  }

  private async count<T>(operation: 'write' | 'read' | 'remove', work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    let outcome = 'ok';
    try {
      return await work();
    } catch (error) {
      // Any other error is a refusal of the content, or a client that has disconnected.
      outcome = error instanceof FileStoreError ? error.fault : 'refused';
      throw error;
    } finally {
      this.metrics.did(operation, outcome, (performance.now() - startedAt) / 1000);
    }
  }
}
