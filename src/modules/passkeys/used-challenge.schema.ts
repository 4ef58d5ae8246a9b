import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';

/** A challenge that a passkey has answered. */
@Schema({ collection: 'used_challenges', versionKey: false, strict: 'throw' })
export class UsedChallenge {
  /** SHA-256 of the challenge. */
  @Prop({ type: String, required: true })
  _id!: string;

  /** When it expires anyway. */
  @Prop({ type: Date, required: true })
  expiresAt!: Date;
}

export const UsedChallengeSchema = SchemaFactory.createForClass(UsedChallenge);

// No query: MongoDB deletes what has expired.
UsedChallengeSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });
