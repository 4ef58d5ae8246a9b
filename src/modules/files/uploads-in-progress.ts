import { Injectable } from '@nestjs/common';
import { apiError } from '../../platform/errors/errors.js';
import { FileErrors } from './file.errors.js';
import { FilesConfig } from './files.config.js';

/** Uploads in progress in this process, by owner: they need room before a record counts them. */
@Injectable()
export class UploadsInProgress {
  private readonly bytes = new Map<string, number>();

  constructor(private readonly config: FilesConfig) {}

  /**
   * Passes on the bytes of an upload and counts them.
   * @throws ApiError FILE_QUOTA_EXCEEDED once the owner's current uploads together exceed its quota
   */
  async *counted(owner: string, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let own = 0;
    try {
      for await (const chunk of chunks) {
        own += chunk.length;
        if (this.add(owner, chunk.length) > this.config.quotaBytes) {
          throw apiError(FileErrors.FILE_QUOTA_EXCEEDED);
        }
        yield chunk;
      }
    } finally {
      this.add(owner, -own);
    }
  }

  private add(owner: string, bytes: number): number {
    const all = (this.bytes.get(owner) ?? 0) + bytes;
    if (all > 0) this.bytes.set(owner, all);
    else this.bytes.delete(owner);
    return all;
  }
}
