import { Readable } from 'node:stream';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Types } from 'mongoose';
import type { Scope } from '../../platform/access/caller.js';
import type { Records } from '../../platform/database/records.js';
import { InjectRecords } from '../../platform/database/records.module.js';
import { type Transaction, Transactions } from '../../platform/database/transactions.js';
import { ApiError, apiError } from '../../platform/errors/errors.js';
import type { Once } from '../../platform/idempotency/once.js';
import { NO_PRECONDITION } from '../../platform/validation/precondition.js';
import { Arriving } from './arriving.js';
import { FileErrors } from './file.errors.js';
import { FileLinks } from './file-links.js';
import { nameOf } from './file-names.js';
import { files, type StoredFile } from './file.schema.js';
import { FileStore, FileStoreError, type UploadAddress } from './file-store.js';
import type { AnnounceFileDto } from './file-upload.dto.js';
import { FilesConfig } from './files.config.js';
import { FilesService } from './files.service.js';
import { bounded, letFinish } from './incoming.js';
import { LooseContents } from './loose-contents.js';
import { answerable } from './store-faults.js';
import { type Upload, UPLOAD_MS, Uploads } from './uploads.js';

/** How long an address takes bytes. */
const ADDRESS_MS = 60 * 60_000;
/** By then nobody sends anything any more: what began to be sent at the last moment takes that long at most. */
const LATE_MS = UPLOAD_MS + 10 * 60_000;
/** How often what never became ready is looked for. */
const SWEEP_MS = 60_000;

/** What no other try makes good. */
const REFUSALS = [FileErrors.FILE_TYPE_NOT_ALLOWED, FileErrors.FILE_TOO_LARGE];

/** A file that was announced, and where its bytes are to be sent; null: it is not pending any more. */
export interface Begun {
  readonly file: StoredFile;
  readonly upload: (UploadAddress & { readonly expiresAt: Date }) | null;
}

/**
 * Uploads that clients send to the store, or to a signed address of the server. Bytes arrive below a key of their own,
 * which is emptied in any case: those of a file are judged when the upload is completed, and are written anew while
 * they are. So nobody can change a file by its address, and what is broken off leaves nothing.
 */
@Injectable()
export class DirectUploads implements OnApplicationBootstrap, OnApplicationShutdown {
  private sweeping: NodeJS.Timeout | undefined;

  constructor(
    @InjectRecords(files) private readonly records: Records<StoredFile>,
    private readonly service: FilesService,
    private readonly uploads: Uploads,
    private readonly arriving: Arriving,
    private readonly store: FileStore,
    private readonly loose: LooseContents,
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
   * Announces a file, and sets room aside for it.
   * @throws ApiError FILE_TOO_LARGE, FILE_TYPE_NOT_ALLOWED, FILE_QUOTA_EXCEEDED
   */
  async begin(scope: Scope, { name: sent, type, size, sha256 }: AnnounceFileDto, once: Once): Promise<Begun> {
    const name = nameOf('name', sent);
    if (size > this.config.maxBytes) throw apiError(FileErrors.FILE_TOO_LARGE);
    if (!this.config.types.includes(type)) throw apiError(FileErrors.FILE_TYPE_NOT_ALLOWED);
    const file = await once.run(
      (transaction) =>
        this.service.within(scope, size, transaction, async (joined) => {
          const arrival = new Types.ObjectId().toHexString();
          const arrivesUntil = new Date(Math.ceil((Date.now() + ADDRESS_MS) / 1000) * 1000);
          await this.loose.lend(arrival, new Date(arrivesUntil.getTime() + LATE_MS), joined);
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
   * Takes the bytes of an upload at its signed address. They may be sent again until it is completed.
   * @param length as the sender announces it; undefined where it does not
   * @throws ApiError FILE_NOT_FOUND, UPLOAD_ENDED, UPLOAD_DIFFERS, FILE_QUOTA_EXCEEDED, STORAGE_FULL,
   *   STORAGE_UNAVAILABLE
   */
  async receive(id: string, token: string, stream: Readable, length: number | undefined): Promise<void> {
    const file = await this.records.get(await this.links.open(id, token, 'upload'), id);
    const { status, arrival, size, ownerId } = file;
    if (status !== 'pending' || !arrival) throw apiError(FileErrors.UPLOAD_ENDED);
    const differs = () => apiError(FileErrors.UPLOAD_DIFFERS);
    try {
      if (length !== undefined && length !== size) throw differs();
      // What was broken off may be there.
      await this.store.remove(arrival);
      const chunks = bounded(stream, size, differs, { isLeftOpen: true });
      await this.store.write(arrival, this.arriving.counted(String(ownerId), chunks));
    } catch (error) {
      letFinish(stream, this.config.maxBytes);
      this.loose.tell(error);
      await this.empty(arrival);
      throw answerable(error);
    }
  }

  /**
   * Judges what has arrived, and makes the file ready. May be done again.
   * @throws ApiError FILE_NOT_FOUND, UPLOAD_MISSING, UPLOAD_DIFFERS, FILE_TYPE_NOT_ALLOWED and FILE_TOO_LARGE, which
   *   refuse it for good; STORAGE_FULL, STORAGE_UNAVAILABLE
   */
  async complete(scope: Scope, id: string): Promise<StoredFile> {
    const file = await this.records.get(scope, id);
    if (file.status === 'refused') throw refusalOf(file);
    if (file.status !== 'pending' || !file.arrival) return file;
    const upload = await this.judged(scope, file, file.arrival);
    try {
      const ready = await this.transactions.run((transaction) => this.take(scope, file, upload, transaction));
      if (ready.content === upload.content) this.loose.settle(upload.content);
      else await this.loose.discard(upload.content);
      await this.empty(file.arrival);
      return ready;
    } catch (error) {
      await this.loose.discard(upload.content);
      throw error;
    }
  }

  /** Removes the records of files that never became ready. */
  async sweep(): Promise<void> {
    await this.service.removeUnfinished(new Date(Date.now() - LATE_MS));
  }

  /** Another request may have completed it meanwhile, or deleted it. */
  private async take(
    scope: Scope,
    { _id }: StoredFile,
    { content, type, sha256 }: Upload,
    transaction: Transaction,
  ): Promise<StoredFile> {
    const id = _id.toHexString();
    const now = await this.records.get(scope, id, transaction);
    if (now.status !== 'pending') return now;
    await this.loose.take(content, transaction);
    const ready = { content, type, sha256, status: 'ready', arrival: null, arrivesUntil: null } as const;
    const change = { ...ready, ...this.service.held() };
    return this.records.update(scope, id, NO_PRECONDITION, change, transaction);
  }

  private async judged(scope: Scope, file: StoredFile, arrival: string): Promise<Upload> {
    const { name, type, size, sha256 } = file;
    const stream = await this.arrived(arrival);
    try {
      const upload = await this.uploads.receive({ name, type, stream });
      if (upload.size === size && (!sha256 || upload.sha256 === sha256)) return upload;
      await this.loose.discard(upload.content);
    } catch (error) {
      // The store broke off, or said nothing for too long.
      if (error === stream.errored) throw apiError(FileErrors.STORAGE_UNAVAILABLE, { cause: error });
      const refusal = REFUSALS.find(({ code }) => error instanceof ApiError && code === error.code);
      if (refusal) await this.refuse(scope, file, refusal.code);
      throw error;
    }
    throw apiError(FileErrors.UPLOAD_DIFFERS);
  }

  private async arrived(arrival: string): Promise<Readable> {
    try {
      return await this.store.read(arrival);
    } catch (error) {
      if (error instanceof FileStoreError && error.fault === 'missing') {
        throw apiError(FileErrors.UPLOAD_MISSING);
      }
      this.loose.tell(error);
      throw answerable(error);
    }
  }

  private async refuse(scope: Scope, { _id, arrival }: StoredFile, code: string): Promise<void> {
    const refused = { status: 'refused', refusal: code } as const;
    await this.records.update(scope, _id.toHexString(), NO_PRECONDITION, refused);
    if (arrival) await this.empty(arrival);
  }

  /** Its note stays: whoever has the address may send something again. */
  private async empty(arrival: string): Promise<void> {
    await this.store.remove(arrival).catch((error: unknown) => this.loose.tell(error));
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

/** The error with which a file was refused. */
function refusalOf({ refusal }: StoredFile): ApiError {
  return apiError(REFUSALS.find(({ code }) => code === refusal) ?? FileErrors.UPLOAD_ENDED);
}
