import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { type mongo, Schema as MongooseSchema, type Types } from 'mongoose';

/** A key that was used, and what came of it. Neither the key nor the request can be read from it. */
@Schema({ collection: 'idempotency_keys', versionKey: false, strict: 'throw' })
export class IdempotencyRecord {
  /** A MAC over the caller and its key. */
  @Prop({ type: String, required: true })
  _id!: string;

  /** A MAC over method, address and body, with its version before it. */
  @Prop({ type: String, required: true })
  digest!: string;

  /** The record that was created. */
  @Prop({ type: MongooseSchema.Types.ObjectId })
  recordId?: Types.ObjectId;

  /** What the request came to, where that is no record; sealed. */
  @Prop({ type: MongooseSchema.Types.Buffer })
  outcome?: mongo.Binary;

  /** The caller, with whom it is removed. Absent for anonymous clients. */
  @Prop({ type: MongooseSchema.Types.ObjectId })
  ownerId?: Types.ObjectId;

  /** From then on the key is as good as new. */
  @Prop({ type: Date, required: true })
  expiresAt!: Date;
}

export const IdempotencyRecordSchema = SchemaFactory.createForClass(IdempotencyRecord);

// Deleting a user, with everything that belongs to it.
IdempotencyRecordSchema.index({ ownerId: 1 });
// No query: MongoDB deletes expired records, but late, so every query checks the time as well.
IdempotencyRecordSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });
