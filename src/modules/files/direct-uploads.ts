import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Types } from 'mongoose';
import type { Scope } from '../../platform/access/caller.js';
import type { Records } from '../../platform/database/records.js';
import { InjectRecords } from '../../platform/database/records.module.js';
import { type Transaction, Transactions } from '../../platform/database/transactions.js';
import { ApiError, apiError } from '../../platform/errors/errors.js';
import type { Once } from '../../platform/idempotency/once.js';
import { NO_PRECONDITION } from '../../platform/validation/precondition.js';
import { UploadsInProgress } from './uploads-in-progress.js';
import { FileErrors } from './file.errors.js';
import { FileLinks } from './file-links.js';
import { nameOf } from './file-names.js';
import { files, type StoredFile } from './file.schema.js';
import { FileStore, FileStoreError, SIZE_DIFFERS, type UploadAddress } from './file-store.js';
import type { AnnounceFileDto } from './file-upload.dto.js';
import { FilesConfig } from './files.config.js';
import { FilesService } from './files.service.js';
import { bounded, letFinish } from './upload-body.js';
import { OrphanedContents } from './orphaned-contents.js';
import { answerable } from './store-faults.js';
import { type Upload, UPLOAD_MS, Uploads } from './uploads.js';

/** How long a URL accepts bytes. */
const ADDRESS_MS = 60 * 60_000;
/** After this additional time no upload can be in progress, even if it began at the last moment. */
const LATE_MS = UPLOAD_MS + 10 * 60_000;
/** How often to look for files that were never completed, in milliseconds. */
const SWEEP_MS = 60_000;

/** Errors that refuse a file for good. */
const REFUSALS = [FileErrors.FILE_TYPE_NOT_ALLOWED, FileErrors.FILE_TOO_LARGE, FileErrors.FILE_INFECTED];

/** An announced file, and where to send its bytes; null if it is no longer pending. */
export interface Begun {
  readonly file: StoredFile;
  readonly upload: (UploadAddress & { readonly expiresAt: Date }) | null;
}

/**
 * Uploads that clients send to the store, or to a signed URL of the server. Bytes arrive under a separate key, which is
 * always removed afterwards: completing the upload checks them while it copies them. So the URL cannot be used to
 * change a completed file, and an interrupted upload leaves nothing behind.
 */
@Injectable()
export class DirectUploads implements OnApplicationBootstrap, OnApplicationShutdown {
  private sweeping: NodeJS.Timeout | undefined;

  constructor(
    @InjectRecords(files) private readonly records: Records<StoredFile>,
    private readonly service: FilesService,
    private readonly uploads: Uploads,
    private readonly inProgress: UploadsInProgress,
    private readonly store: FileStore,
    private readonly orphans: OrphanedContents,
    private readonly links: FileLinks,
    private readonly config: FilesConfig,
    private readonly transactions: Transactions,
  ) {}

  onApplicationBootstrap(): void {
    const sweep = () => void this.sweep().catch(() => undefined);
    sweep();
    this.sweeping = setInterval(sweep, SWEEP_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.sweeping);
  }

  /**
   * Announces a file and reserves room for it.
   * @throws ApiError FILE_TOO_LARGE, FILE_TYPE_NOT_ALLOWED, FILE_QUOTA_EXCEEDED
   */
  async begin(scope: Scope, { name: sent, type, size, sha256 }: AnnounceFileDto, once: Once): Promise<Begun> {
    const name = nameOf('name', sent);
    if (size > this.config.maxBytes) throw apiError(FileErrors.FILE_TOO_LARGE);
    if (!this.config.types.includes(type)) throw apiError(FileErrors.FILE_TYPE_NOT_ALLOWED);
    const file = await once.run(
      (transaction) =>
        this.service.createWithinQuota(scope, size, transaction, async (joined) => {
          const arrival = new Types.ObjectId().toHexString();
          const arrivesUntil = new Date(Math.ceil((Date.now() + ADDRESS_MS) / 1000) * 1000);
          await this.orphans.lend(arrival, lateFor(arrivesUntil), joined);
          const announced = {
            name,
            type,
            size,
            sha256: sha256 ?? null,
            arrival,
            arrivesUntil,
            status: 'pending',
          } as const;
          return this.records.create(scope, announced, joined);
        }),
      (id) => this.records.get(scope, id),
    );
    return { file, upload: await this.addressOf(scope, file) };
  }

  /**
   * Receives the bytes of an upload at its signed URL. They may be sent again until it is completed.
   * @param length Content-Length, if sent
   * @throws ApiError FILE_NOT_FOUND, UPLOAD_ENDED, UPLOAD_DIFFERS, FILE_QUOTA_EXCEEDED, STORAGE_FULL,
   *   STORAGE_UNAVAILABLE
   */
  async receive(
    id: string,
    token: string,
    stream: IncomingMessage,
    length: number | undefined,
  ): Promise<void> {
    const file = await this.records.get(await this.links.open(id, token, stream, 'upload'), id);
    const { status, size, ownerId } = file;
    if (status !== 'pending') throw apiError(FileErrors.UPLOAD_ENDED);
    const differs = () => apiError(FileErrors.UPLOAD_DIFFERS);
    try {
      if (length !== undefined && length !== size) throw differs();
      const chunks = bounded(stream, size, differs, { isLeftOpen: true });
      await this.arrive(file, this.inProgress.counted(String(ownerId), chunks));
    } catch (error) {
      letFinish(stream, this.config.maxBytes);
      this.orphans.logFailure(error);
      throw answerable(error);
    }
  }

  /**
   * Checks the bytes that have arrived, and makes the file ready. Idempotent.
   * @throws ApiError FILE_NOT_FOUND, UPLOAD_MISSING, UPLOAD_DIFFERS; FILE_TYPE_NOT_ALLOWED, FILE_TOO_LARGE and
   *   FILE_INFECTED, which refuse it for good; STORAGE_FULL, STORAGE_UNAVAILABLE, SCANNER_UNAVAILABLE
   */
  async complete(scope: Scope, id: string): Promise<StoredFile> {
    const file = await this.records.get(scope, id);
    if (file.status === 'refused') throw refusalOf(file);
    if (file.status !== 'pending' || !file.arrival) return file;
    try {
      return await this.finish(scope, file, file.arrival);
    } catch (error) {
      // Another request may have completed it meanwhile, and removed what had arrived.
      const now = await this.records.get(scope, id);
      if (now.status === 'ready') return now;
      throw error;
    }
  }

  private async finish(scope: Scope, file: StoredFile, arrival: string): Promise<StoredFile> {
    const upload = await this.judged(scope, file, arrival);
    try {
      const ready = await this.transactions.run((transaction) => this.take(scope, file, upload, transaction));
      if (ready.content === upload.content) this.orphans.settle(upload.content);
      else await this.orphans.discard(upload.content);
      await this.empty(arrival);
      return ready;
    } catch (error) {
      await this.orphans.discard(upload.content);
      throw error;
    }
  }

  /** Removes the records of files that were never completed. */
  async sweep(): Promise<void> {
    await this.service.removeUnfinished(new Date(Date.now() - LATE_MS));
  }

  /** Stores bytes in place of earlier ones, under a new key, because several requests may send some at once. */
  private async arrive({ _id, arrivesUntil }: StoredFile, chunks: AsyncIterable<Buffer>): Promise<void> {
    const key = await this.orphans.begin();
    try {
      await this.store.write(key, chunks);
      const earlier = await this.transactions.run(async (transaction) => {
        await this.orphans.take(key, transaction);
        await this.orphans.lend(key, lateFor(arrivesUntil), transaction);
        return this.service.noteArrival(_id, key, transaction);
      });
      this.orphans.settle(key);
      if (earlier) await this.orphans.discard(earlier);
    } catch (error) {
      await this.orphans.discard(key);
      throw error;
    }
  }

  /** Another request may have completed or deleted it in the meantime. */
  private async take(
    scope: Scope,
    { _id }: StoredFile,
    { content, type, sha256 }: Upload,
    transaction: Transaction,
  ): Promise<StoredFile> {
    const id = _id.toHexString();
    const now = await this.records.get(scope, id, transaction);
    if (now.status !== 'pending') return now;
    await this.orphans.take(content, transaction);
    const ready = { content, type, sha256, status: 'ready', arrival: null, arrivesUntil: null } as const;
    const change = { ...ready, ...this.service.held() };
    return this.records.update(scope, id, NO_PRECONDITION, change, transaction);
  }

  private async judged(scope: Scope, file: StoredFile, arrival: string): Promise<Upload> {
    const { name, type, size, sha256 } = file;
    const stream = await this.arrived(arrival, size);
    try {
      const upload = await this.uploads.receive({ name, type, stream });
      if (upload.size === size && (!sha256 || upload.sha256 === sha256)) return upload;
      await this.orphans.discard(upload.content);
    } catch (error) {
      // The store broke off or timed out.
      if (error === stream.errored) throw apiError(FileErrors.STORAGE_UNAVAILABLE, { cause: error });
      const refusal = REFUSALS.find(({ code }) => error instanceof ApiError && code === error.code);
      if (refusal) await this.refuse(scope, file, refusal.code);
      throw error;
    }
    throw apiError(FileErrors.UPLOAD_DIFFERS);
  }

  private async arrived(arrival: string, size: number): Promise<Readable> {
    try {
      return await this.store.read(arrival, size);
    } catch (error) {
      if (error instanceof FileStoreError && error.fault === 'missing') {
        const { UPLOAD_DIFFERS, UPLOAD_MISSING } = FileErrors;
        throw apiError(error.reason === SIZE_DIFFERS ? UPLOAD_DIFFERS : UPLOAD_MISSING);
      }
      this.orphans.logFailure(error);
      throw answerable(error);
    }
  }

  private async refuse(scope: Scope, { _id, arrival }: StoredFile, code: string): Promise<void> {
    const refused = { status: 'refused', refusal: code } as const;
    await this.records.update(scope, _id.toHexString(), NO_PRECONDITION, refused);
    if (arrival) await this.empty(arrival);
  }

  /** Its note stays, because more bytes may be sent to the URL. */
  private async empty(arrival: string): Promise<void> {
    await this.store.remove(arrival).catch((error: unknown) => this.orphans.logFailure(error));
  }

  private async addressOf(scope: Scope, file: StoredFile): Promise<Begun['upload']> {
    const { _id, arrival, arrivesUntil, status, type } = file;
    if (status !== 'pending' || !arrival || !arrivesUntil || arrivesUntil <= new Date()) return null;
    const seconds = arrivesUntil.getTime() / 1000;
    const left = Math.ceil(seconds - Date.now() / 1000);
    const address = await this.store.addressFor(arrival, file, left);
    if (address) return { ...address, expiresAt: arrivesUntil };
    const { url } = this.links.make(scope, _id.toHexString(), seconds, 'upload');
    return { url, method: 'PUT', headers: { 'content-type': type }, expiresAt: arrivesUntil };
  }
}

/** When bytes can no longer arrive for a file with this expiry. */
function lateFor(arrivesUntil: Date | null | undefined): Date {
  return new Date((arrivesUntil?.getTime() ?? Date.now()) + LATE_MS);
}

/** The error with which a file was refused. */
function refusalOf({ refusal }: StoredFile): ApiError {
  return apiError(REFUSALS.find(({ code }) => code === refusal) ?? FileErrors.UPLOAD_ENDED);
}
