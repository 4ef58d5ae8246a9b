import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { Schema as MongooseSchema } from 'mongoose';
import { OwnedRecord, RECORD_OPTIONS } from '../../platform/database/record.js';
import { resource } from '../../platform/database/resource.js';

/** Whether the bytes of a file can be read: not yet, yes, or never because they were refused. */
export const FILE_STATES = ['pending', 'ready', 'refused'] as const;
export type FileState = (typeof FILE_STATES)[number];

/** Longest sides of smaller pictures, in pixels. */
export const PICTURE_SIZES = [64, 256, 1024] as const;
export type PictureSize = (typeof PICTURE_SIZES)[number];

/** A smaller picture: the key of its bytes, and their number. */
export interface StoredPicture {
  readonly content: string;
  readonly size: number;
}

/** The record of an uploaded file. Its bytes are in the store. */
@Schema({ ...RECORD_OPTIONS, collection: 'files' })
export class StoredFile extends OwnedRecord {
  @Prop({ type: String, required: true, maxlength: 255 })
  name!: string;

  /** Detected from the first bytes: `image/png`. While pending, as announced, like size and digest. */
  @Prop({ type: String, required: true })
  type!: string;

  @Prop({ type: Number, required: true })
  size!: number;

  /** As hex digits; absent if it was not announced. */
  @Prop({ type: String })
  sha256?: string | null;

  /** Key of its bytes in the store, never shown to clients. Only if the file is ready. */
  @Prop({ type: String })
  content?: string | null;

  /** Smaller pictures made of it, by their longest side. */
  @Prop({ type: MongooseSchema.Types.Mixed })
  pictures?: Readonly<Record<string, StoredPicture>> | null;

  /** The last check at which a record referred to it; absent if no feature could refer to files at its upload. */
  @Prop({ type: Date })
  heldAt?: Date | null;

  /** Absent if ready. */
  @Prop({ type: String, enum: FILE_STATES })
  status?: FileState | null;

  /** Code of the error with which its bytes were refused. */
  @Prop({ type: String })
  refusal?: string | null;

  /** Key under which its bytes arrive. */
  @Prop({ type: String })
  arrival?: string | null;

  /** Until when they may arrive. The record of a file that is not completed is removed some time later. */
  @Prop({ type: Date })
  arrivesUntil?: Date | null;
}

/** A file whose bytes can be read. */
export type ReadyFile = StoredFile & { readonly content: string; readonly sha256: string };

export const StoredFileSchema = SchemaFactory.createForClass(StoredFile);

// `GET /files`: an owner's files, newest first, with cursors.
StoredFileSchema.index({ ownerId: 1, createdAt: -1, _id: -1 });
// `GET /files?owner=all`: everybody's, newest first.
StoredFileSchema.index({ createdAt: -1, _id: -1 });
// Uploading: the total size of an owner's files, without reading the records.
StoredFileSchema.index({ ownerId: 1, size: 1 });
// Removing files that were never completed.
StoredFileSchema.index({ arrivesUntil: 1 }, { partialFilterExpression: { arrivesUntil: { $exists: true } } });
// Removing files that no record refers to.
StoredFileSchema.index({ heldAt: 1 }, { partialFilterExpression: { heldAt: { $exists: true } } });

export const files = resource({ name: 'file', record: StoredFile, schema: StoredFileSchema });
