import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Injectable } from '@nestjs/common';
import { ownerIn, type Scope, userOf } from '../../platform/access/caller.js';
import { FairQueue } from '../../platform/concurrency/fair-queue.js';
import { Transactions } from '../../platform/database/transactions.js';
import { apiError, invalid } from '../../platform/errors/errors.js';
import { FileErrors } from './file.errors.js';
import type { PictureSize, ReadyFile } from './file.schema.js';
import { type ByteRange, FileStore } from './file-store.js';
import { isPicture } from './file-types.js';
import { FilesService } from './files.service.js';
import { OrphanedContents } from './orphaned-contents.js';
import { withoutTexts } from './png-texts.js';
import type { Sendable } from './sending.js';

/** Time limit of a request that makes one, in milliseconds. */
export const PICTURE_MS = 20_000;
/** Larger pictures are not opened. This many pixels need up to 420 MB of memory: a PNG with 16 bits, interlaced. */
const MAX_PIXELS = 50_000_000;
/** An AVIF is decoded as a whole, and needs three times as much. */
const MAX_AVIF_PIXELS = 16_000_000;
const LONGEST_S = 8;
/** Time limit of the store to give the bytes, in milliseconds. */
const SLOWEST_MS = 8_000;
/** Nothing else that the library could open is a file that is accepted. */
const LOADERS = ['Jpeg', 'Png', 'Webp', 'Heif', 'Nsgif'].map((name) => `VipsForeignLoad${name}`);

/** Loaded on first use, because the library is large. */
async function loaded(): Promise<typeof import('sharp').default> {
  const { default: sharp } = await import('sharp');
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: LOADERS });
  sharp.cache(false);
  sharp.concurrency(1);
  return sharp;
}

/** Smaller versions of pictures, made on first request and stored with the file. */
@Injectable()
export class Pictures {
  /** One at a time in a process, for the caller with the fewest recent requests: a flood delays only its own user. */
  private readonly turns = new FairQueue({ concurrency: 1, maxWaiting: 50, timeoutMs: 8_000 });

  private library: ReturnType<typeof loaded> | undefined;

  constructor(
    private readonly service: FilesService,
    private readonly store: FileStore,
    private readonly orphans: OrphanedContents,
    private readonly transactions: Transactions,
  ) {}

  /**
   * The content to send for a file: its bytes, or a smaller picture.
   * @throws ApiError VALIDATION_ERROR for a file that is not a picture, PICTURE_NOT_MADE, OVERLOADED, STORAGE_UNAVAILABLE
   */
  async of(scope: Scope, file: ReadyFile, size: PictureSize | undefined): Promise<Sendable> {
    if (size === undefined) return { ...file, read: (range) => this.service.read(scope, file, range) };
    if (!isPicture(file.type)) throw invalid([{ path: 'size', message: 'size is for pictures only' }]);
    return this.kept(scope, file, size) ?? this.inTurn(scope, file, size);
  }

  private kept(scope: Scope, file: ReadyFile, size: PictureSize): Sendable | undefined {
    const picture = file.pictures?.[size];
    if (!picture) return undefined;
    const read = (range?: ByteRange) => this.service.read(scope, { ...file, ...picture }, range);
    return sendable(file, size, picture.size, read);
  }

  private inTurn(scope: Scope, file: ReadyFile, size: PictureSize): Promise<Sendable> {
    const claim = { isKnown: true, subjects: [userOf(scope) ?? ownerIn(scope)] };
    return this.turns.run(claim, () => this.made(scope, file, size), Boolean);
  }

  private async made(scope: Scope, file: ReadyFile, size: PictureSize): Promise<Sendable> {
    // Another request may have made it just now.
    const now = await this.service.ready(scope, file._id.toHexString());
    const kept = this.kept(scope, now, size);
    if (kept) return kept;
    const bytes = await this.reduced(await this.service.read(scope, file), file.type, size);
    await this.keep(file, size, bytes);
    const read = ({ start = 0, end = bytes.length }: Partial<ByteRange> = {}) =>
      Promise.resolve(Readable.from([bytes.subarray(start, end + 1)]));
    return sendable(file, size, bytes.length, read);
  }

  private async reduced(source: Readable, type: string, size: PictureSize): Promise<Buffer> {
    const sharp = await (this.library ??= loaded());
    const limitInputPixels = type === 'image/avif' ? MAX_AVIF_PIXELS : MAX_PIXELS;
    const made = sharp({ limitInputPixels, sequentialRead: true, failOn: 'error' })
      .autoOrient()
      .resize(size, size, { fit: 'inside', withoutEnlargement: true })
      .timeout({ seconds: LONGEST_S })
      .webp({ quality: 80 });
    const bytes = made.toBuffer();
    // It begins once everything has come, and never settles if that fails.
    bytes.catch(() => undefined);
    // A slow store must not hold up the others in the queue.
    const within = { signal: AbortSignal.timeout(SLOWEST_MS) };
    try {
      await (type === 'image/png'
        ? pipeline(source, withoutTexts, made, within)
        : pipeline(source, made, within));
      return await bytes;
    } catch (error) {
      if (within.signal.aborted || error === source.errored) {
        throw apiError(FileErrors.STORAGE_UNAVAILABLE, { cause: error });
      }
      throw apiError(FileErrors.PICTURE_NOT_MADE, { cause: error });
    }
  }

  /** A picture that cannot be stored is made again next time. */
  private async keep(file: ReadyFile, size: PictureSize, bytes: Buffer): Promise<void> {
    const content = await this.orphans.begin();
    try {
      await this.store.write(content, Readable.from([bytes]));
      const isTaken = await this.transactions.run(async (transaction) => {
        const picture = { content, size: bytes.length };
        if (!(await this.service.addPicture(file, size, picture, transaction))) return false;
        await this.orphans.take(content, transaction);
        return true;
      });
      if (isTaken) this.orphans.settle(content);
      else await this.orphans.discard(content);
    } catch (error) {
      this.orphans.logFailure(error);
      await this.orphans.discard(content);
    }
  }
}

function sendable(
  { name, sha256 }: ReadyFile,
  size: PictureSize,
  bytes: number,
  read: Sendable['read'],
): Sendable {
  return {
    name: `${name.replace(/\.[^.]*$/, '')}-${size}.webp`,
    type: 'image/webp',
    size: bytes,
    sha256: `${sha256}-${size}`,
    read,
  };
}
