import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { Schema as MongooseSchema } from 'mongoose';
import { OwnedRecord, RECORD_OPTIONS } from '../../platform/database/record.js';
import { resource } from '../../platform/database/resource.js';

/** Whether the bytes of a file can be read: not yet, yes, or never since they were refused. */
export const FILE_STATES = ['pending', 'ready', 'refused'] as const;
export type FileState = (typeof FILE_STATES)[number];

/** Longest sides of smaller pictures, in pixels. */
export const PICTURE_SIZES = [64, 256, 1024] as const;
export type PictureSize = (typeof PICTURE_SIZES)[number];

/** A smaller picture: the key of its bytes, and how many those are. */
export interface StoredPicture {
  readonly content: string;
  readonly size: number;
}

/** What is known of an uploaded file. Its bytes are in the store. */
@Schema({ ...RECORD_OPTIONS, collection: 'files' })
export class StoredFile extends OwnedRecord {
  @Prop({ type: String, required: true, maxlength: 255 })
  name!: string;

  /** By its first bytes: `image/png`. As announced while it is pending, like size and digest. */
  @Prop({ type: String, required: true })
  type!: string;

  @Prop({ type: Number, required: true })
  size!: number;

  /** As hex digits; absent where it was not announced. */
  @Prop({ type: String })
  sha256?: string | null;

  /** Key of its bytes in the store, which nobody else is told. Only of a file that is ready. */
  @Prop({ type: String })
  content?: string | null;

  /** Smaller pictures of it that were made, by their longest sides. */
  @Prop({ type: MongooseSchema.Types.Mixed })
  pictures?: Readonly<Record<string, StoredPicture>> | null;

  /** When it was held last, as far as somebody has looked; absent where nothing could hold it. */
  @Prop({ type: Date })
  heldAt?: Date | null;

  /** Absent: ready. */
  @Prop({ type: String, enum: FILE_STATES })
  status?: FileState | null;

  /** Code of the error with which its bytes were refused. */
  @Prop({ type: String })
  refusal?: string | null;

  /** Key below which its bytes are to arrive. */
  @Prop({ type: String })
  arrival?: string | null;

  /** Until then they may arrive. The record of one that is not ready goes some time later. */
  @Prop({ type: Date })
  arrivesUntil?: Date | null;
}

/** A file whose bytes can be read. */
export type ReadyFile = StoredFile & { readonly content: string; readonly sha256: string };

export const StoredFileSchema = SchemaFactory.createForClass(StoredFile);

// `GET /files`: an owner's files, newest first, and from a cursor on.
StoredFileSchema.index({ ownerId: 1, createdAt: -1, _id: -1 });
// `GET /files?owner=all`: everybody's, newest first.
StoredFileSchema.index({ createdAt: -1, _id: -1 });
// Uploading: how many bytes an owner has, without reading the records.
StoredFileSchema.index({ ownerId: 1, size: 1 });
// Removing what never became ready.
StoredFileSchema.index({ arrivesUntil: 1 }, { partialFilterExpression: { arrivesUntil: { $exists: true } } });
// Removing what no record holds.
StoredFileSchema.index({ heldAt: 1 }, { partialFilterExpression: { heldAt: { $exists: true } } });

export const files = resource({ name: 'file', record: StoredFile, schema: StoredFileSchema });
