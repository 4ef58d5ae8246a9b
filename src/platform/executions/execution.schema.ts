import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { Schema as MongooseSchema, type Types } from 'mongoose';

const { ObjectId, Mixed } = MongooseSchema.Types;

/**
 * The collections, for their indexes and for the rotation of keys. The engine reads and writes them by the driver:
 * `StoredExecution` says what they hold.
 */
@Schema({ collection: 'executions', versionKey: false, strict: false })
export class Execution {
  @Prop({ type: ObjectId })
  ownerId!: Types.ObjectId | null;

  @Prop({ type: String, encrypted: true })
  sealed?: string;
}

export const ExecutionSchema = SchemaFactory.createForClass(Execution);

// `GET /executions`: an owner's, newest first, and from a cursor on.
ExecutionSchema.index({ ownerId: 1, createdAt: -1, _id: -1 });
// `GET /executions?owner=all`: everybody's, newest first.
ExecutionSchema.index({ createdAt: -1, _id: -1 });
// `GET /executions?record=`: what was started for a record.
ExecutionSchema.index(
  { record: 1, createdAt: -1, _id: -1 },
  { partialFilterExpression: { record: { $exists: true } } },
);
// Claiming what is due, the oldest first. What is not to be claimed is not in it.
ExecutionSchema.index({ dueAt: 1 }, { partialFilterExpression: { dueAt: { $exists: true } } });
// Claiming from the next owner in turn, and counting what an owner has waiting.
ExecutionSchema.index(
  { ready: 1, ownerId: 1, dueAt: 1 },
  { partialFilterExpression: { dueAt: { $exists: true } } },
);
// The sweep: whose process has ended, and what was cancelled while it runs.
ExecutionSchema.index({ engine: 1, cancel: 1 }, { partialFilterExpression: { engine: { $exists: true } } });
// A place of a slot is taken once in the cluster.
ExecutionSchema.index(
  { slot: 1, place: 1 },
  { unique: true, partialFilterExpression: { place: { $exists: true } } },
);
// Who waits for a place, by owners in turn.
ExecutionSchema.index(
  { parked: 1, ownerId: 1, createdAt: 1 },
  { partialFilterExpression: { parked: { $exists: true } } },
);
// MongoDB itself forgets what has been finished for long enough.
ExecutionSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

@Schema({ collection: 'execution_steps', versionKey: false, strict: false })
export class ExecutionStep {
  @Prop({ type: ObjectId })
  executionId!: Types.ObjectId;

  @Prop({ type: Mixed })
  step!: unknown;
}

export const ExecutionStepSchema = SchemaFactory.createForClass(ExecutionStep);

// A turn of an execution that has steps beside.
ExecutionStepSchema.index({ executionId: 1 });
// They are forgotten with their execution.
ExecutionStepSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

/** A process that runs executions, for as long as it says so. */
@Schema({ collection: 'execution_engines', versionKey: false, strict: false })
export class ExecutionEngine {
  @Prop({ type: Date })
  until!: Date;
}

export const ExecutionEngineSchema = SchemaFactory.createForClass(ExecutionEngine);

// Leases that ended an hour ago are of no interest.
ExecutionEngineSchema.index({ until: 1 }, { expireAfterSeconds: 3_600 });

/** When a schedule starts its executor next. */
@Schema({ collection: 'execution_schedules', versionKey: false, strict: false })
export class ExecutionSchedule {
  @Prop({ type: Date })
  nextAt!: Date;
}

export const ExecutionScheduleSchema = SchemaFactory.createForClass(ExecutionSchedule);
