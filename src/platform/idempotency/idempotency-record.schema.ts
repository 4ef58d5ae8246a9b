import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { type mongo, Schema as MongooseSchema, type Types } from 'mongoose';

/** A used key and its result. Neither the key nor the request can be read from it. */
@Schema({ collection: 'idempotency_keys', versionKey: false, strict: 'throw' })
export class IdempotencyRecord {
  /** A MAC over the caller and its key. */
  @Prop({ type: String, required: true })
  _id!: string;

  /** A MAC over method, URL and body, prefixed with its version. */
  @Prop({ type: String, required: true })
  digest!: string;

  /** The record that was created. */
  @Prop({ type: MongooseSchema.Types.ObjectId })
  recordId?: Types.ObjectId;

  /** The result of the request if it is not a record; encrypted. */
  @Prop({ type: MongooseSchema.Types.Buffer })
  outcome?: mongo.Binary;

  /** The caller; removed together with it. Absent for anonymous clients. */
  @Prop({ type: MongooseSchema.Types.ObjectId })
  ownerId?: Types.ObjectId;

  /** From then on the key can be used anew. */
  @Prop({ type: Date, required: true })
  expiresAt!: Date;
}

export const IdempotencyRecordSchema = SchemaFactory.createForClass(IdempotencyRecord);

// Deleting a user, with everything that belongs to it.
IdempotencyRecordSchema.index({ ownerId: 1 });
// No query: MongoDB deletes expired records, but late, so every query checks the time as well.
IdempotencyRecordSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });
