import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { MAX_TTL_S } from './cache.js';

/** The current version of what is cached for somebody. It is part of every key. */
@Schema({ collection: 'cache_stamps', versionKey: false, strict: 'throw' })
export class CacheStamp {
  /** `UsersService:66f1a0c2e4b0a1b2c3d4e5f6` */
  @Prop({ type: String, required: true })
  _id!: string;

  /** Random, so that none ever returns. */
  @Prop({ type: String, required: true })
  stamp!: string;

  @Prop({ type: Date, required: true })
  writtenAt!: Date;
}

export const CacheStampSchema = SchemaFactory.createForClass(CacheStamp);

// No query: MongoDB removes a stamp once no entry from before it can be left.
CacheStampSchema.index({ writtenAt: 1 }, { expireAfterSeconds: 2 * MAX_TTL_S });
