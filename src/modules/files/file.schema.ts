import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { OwnedRecord, RECORD_OPTIONS } from '../../platform/database/record.js';
import { resource } from '../../platform/database/resource.js';

/** What is known of an uploaded file. Its bytes are in the store. */
@Schema({ ...RECORD_OPTIONS, collection: 'files' })
export class StoredFile extends OwnedRecord {
  @Prop({ type: String, required: true, maxlength: 255 })
  name!: string;

  /** By its first bytes: `image/png`. */
  @Prop({ type: String, required: true })
  type!: string;

  @Prop({ type: Number, required: true })
  size!: number;

  /** As hex digits. */
  @Prop({ type: String, required: true })
  sha256!: string;

  /** Key of its bytes in the store, which nobody else is told. */
  @Prop({ type: String, required: true })
  content!: string;
}

export const StoredFileSchema = SchemaFactory.createForClass(StoredFile);

// `GET /files`: an owner's files, newest first, and from a cursor on.
StoredFileSchema.index({ ownerId: 1, createdAt: -1, _id: -1 });
// `GET /files?owner=all`: everybody's, newest first.
StoredFileSchema.index({ createdAt: -1, _id: -1 });
// Uploading: how many bytes an owner has, without reading the records.
StoredFileSchema.index({ ownerId: 1, size: 1 });

export const files = resource({ name: 'file', record: StoredFile, schema: StoredFileSchema });
