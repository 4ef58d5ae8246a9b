import { Injectable } from '@nestjs/common';
import type {
  IncomingMultipartFile,
  MultipartOptions,
  MultipartOptionsFactory,
  MultipartStorageEngine,
} from '@nestjs/platform-fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { ownerIn } from '../../platform/access/caller.js';
import { UploadsInProgress } from './uploads-in-progress.js';
import { FileScanner } from './file-scanner.js';
import { FileStore } from './file-store.js';
import { nameOf } from './file-names.js';
import { FilesConfig } from './files.config.js';
import { Incoming, letFinish, type Sent } from './upload-body.js';
import { OrphanedContents } from './orphaned-contents.js';
import { answerable } from './store-faults.js';

/** Longest time for an upload. One that stalls for half a minute is aborted earlier. */
export const UPLOAD_MS = 60 * 60_000;
/** Additional time to pass it to a slow store, which has timeouts of its own. */
export const STORE_MS = 10 * 60_000;

/** A file whose bytes are in the store, before its record exists. */
export interface Upload {
  readonly content: string;
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly sha256: string;
}

/** The storage engine of Nest's interceptor for forms. */
@Injectable()
export class Uploads implements MultipartOptionsFactory, MultipartStorageEngine {
  constructor(
    private readonly config: FilesConfig,
    private readonly orphans: OrphanedContents,
    private readonly store: FileStore,
    private readonly scanner: FileScanner,
    private readonly inProgress: UploadsInProgress,
  ) {}

  createMultipartOptions(): MultipartOptions {
    // A file that is too large is refused later, with its own code.
    return { storage: this, defParamCharset: 'utf8', limits: { fileSize: Infinity, fields: 0 } };
  }

  _handleFile(
    request: FastifyRequest,
    file: IncomingMultipartFile,
    done: (error?: unknown, info?: object) => void,
  ): void {
    this.take(request, file).then(
      (upload) => done(null, upload),
      (error: unknown) => {
        letFinish(request.raw, this.config.maxBytes);
        done(error);
      },
    );
  }

  _removeFile(_: unknown, { content }: Partial<Upload>, done: (error: Error | null) => void): void {
    const removed = content === undefined ? Promise.resolve() : this.orphans.discard(content);
    void removed.then(() => done(null));
  }

  private async take(
    request: FastifyRequest,
    { originalname, mimetype, stream }: IncomingMultipartFile,
  ): Promise<Upload> {
    return this.receive({ name: nameOf('file', originalname), type: mimetype, stream }, request);
  }

  /**
   * Checks bytes while they pass into the store.
   * @throws ApiError FILE_TOO_LARGE, FILE_TYPE_NOT_ALLOWED, FILE_INFECTED, FILE_QUOTA_EXCEEDED, REQUEST_TIMEOUT,
   *   STORAGE_FULL, STORAGE_UNAVAILABLE, SCANNER_UNAVAILABLE
   */
  async receive(sent: Sent, request?: FastifyRequest): Promise<Upload> {
    const { name } = sent;
    const incoming = new Incoming(sent, this.config);
    const content = await this.orphans.begin();
    try {
      const owner = request?.scope && ownerIn(request.scope);
      const chunks = incoming.chunks();
      await this.store.write(content, owner ? this.inProgress.counted(owner, chunks) : chunks);
      await this.scanner.judge(() => this.store.read(content, incoming.size));
      // A caller who has lost the right in the meantime has been answered already.
      if (request?.failure) throw request.failure;
      const { type, size, sha256 } = incoming;
      return { content, name, type, size, sha256 };
    } catch (error) {
      this.orphans.logFailure(error);
      await this.orphans.discard(content);
      throw answerable(error);
    }
  }
}
