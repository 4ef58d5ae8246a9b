import type { Readable } from 'node:stream';
import { FileMetrics } from './file.metrics.js';
import {
  type Announced,
  type ByteRange,
  FileStore,
  FileStoreError,
  type UploadAddress,
} from './file-store.js';

/** A store whose work is counted. */
export class CountedStore extends FileStore {
  constructor(
    private readonly store: FileStore,
    private readonly metrics: FileMetrics,
  ) {
    super();
  }

  /** The time includes the client's, whose bytes are written as they come. */
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

  /** The time is that until its bytes begin to come. */
  read(key: string, range?: ByteRange): Promise<Readable> {
    return this.count('read', () => this.store.read(key, range));
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
      // What is no fault of the store's is a refusal of what was sent, or a client that has gone.
      outcome = error instanceof FileStoreError ? error.fault : 'refused';
      throw error;
    } finally {
      this.metrics.did(operation, outcome, (performance.now() - startedAt) / 1000);
    }
  }
}
