import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { Types } from 'mongoose';

/** How often something was recently attempted. */
@Schema({ collection: 'counters', versionKey: false, strict: 'throw' })
export class Counter {
  /** A MAC over what is counted and for whom, so that the database holds neither IP nor email addresses. */
  @Prop({ type: String, required: true })
  _id!: string;

  @Prop({ type: Number, required: true })
  count!: number;

  /** The latest charges: what can still be given back. */
  @Prop({ type: [Types.ObjectId], default: undefined })
  charges?: Types.ObjectId[];

  /** Until then everything is refused. */
  @Prop({ type: Date })
  blockedUntil?: Date;

  /** From then on counting starts at zero again. */
  @Prop({ type: Date, required: true })
  expiresAt!: Date;
}

export const CounterSchema = SchemaFactory.createForClass(Counter);

// No query: MongoDB deletes expired records, but late, so every query checks the time as well.
CounterSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });
