import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { Schema as MongooseSchema, type Types } from 'mongoose';
import type { RefusedRow } from './import.dto.js';

const { Mixed, ObjectId } = MongooseSchema.Types;

/** Some rows of an import: the rows until their records are created, and the results afterwards. */
@Schema({ collection: 'import_parts', versionKey: false, strict: 'throw' })
export class ImportPart {
  /** Derived from the import's id and the number of the part. */
  _id!: Types.ObjectId;

  @Prop({ type: ObjectId, required: true })
  ownerId!: Types.ObjectId;

  /** The rows as JSON; absent once all are done. */
  @Prop({ type: String, encrypted: true })
  rows?: string;

  /** How many rows are done. */
  @Prop({ type: Number, required: true })
  done!: number;

  @Prop({ type: Number, required: true })
  created!: number;

  @Prop({ type: Mixed, required: true })
  refused!: readonly RefusedRow[];

  /** Faults beyond those. */
  @Prop({ type: Number, required: true })
  more!: number;

  @Prop({ type: Date, required: true })
  expiresAt!: Date;
}

export const ImportPartSchema = SchemaFactory.createForClass(ImportPart);

// Deleting a user, with everything that belongs to it.
ImportPartSchema.index({ ownerId: 1 });
// No query: MongoDB removes expired parts, whether processed or not.
ImportPartSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });
