import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { Schema as MongooseSchema, type Types } from 'mongoose';

const { ObjectId, Mixed } = MongooseSchema.Types;

/**
 * The collections, declared for their indexes and for key rotation. The engine reads and writes them through the
 * driver; `StoredExecution` describes the documents.
 */
@Schema({ collection: 'executions', versionKey: false, strict: false })
export class Execution {
  @Prop({ type: ObjectId })
  ownerId!: Types.ObjectId | null;

  @Prop({ type: String, encrypted: true })
  sealed?: string;
}

export const ExecutionSchema = SchemaFactory.createForClass(Execution);

// `GET /executions`: an owner's, newest first, with cursors.
ExecutionSchema.index({ ownerId: 1, createdAt: -1, _id: -1 });
// `GET /executions?owner=all`: everybody's, newest first.
ExecutionSchema.index({ createdAt: -1, _id: -1 });
// `GET /executions?record=`: what was started for a record.
ExecutionSchema.index(
  { record: 1, createdAt: -1, _id: -1 },
  { partialFilterExpression: { record: { $exists: true } } },
);
// Claiming due executions, oldest first. Others have no `dueAt` and are not in the index.
ExecutionSchema.index({ dueAt: 1 }, { partialFilterExpression: { dueAt: { $exists: true } } });
// Claiming from the next owner in turn, and counting the waiting executions of an owner.
ExecutionSchema.index(
  { ready: 1, ownerId: 1, dueAt: 1 },
  { partialFilterExpression: { dueAt: { $exists: true } } },
);
// The sweep: executions of dead processes, and executions cancelled while they run.
ExecutionSchema.index({ engine: 1, cancel: 1 }, { partialFilterExpression: { engine: { $exists: true } } });
// Each place of a slot is taken at most once in the cluster.
ExecutionSchema.index(
  { slot: 1, place: 1 },
  { unique: true, partialFilterExpression: { place: { $exists: true } } },
);
// Executions that wait for a place, with owners taking turns.
ExecutionSchema.index(
  { parked: 1, ownerId: 1, createdAt: 1 },
  { partialFilterExpression: { parked: { $exists: true } } },
);
// MongoDB removes finished executions when they expire.
ExecutionSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

@Schema({ collection: 'execution_steps', versionKey: false, strict: false })
export class ExecutionStep {
  @Prop({ type: ObjectId })
  executionId!: Types.ObjectId;

  @Prop({ type: Mixed })
  step!: unknown;
}

export const ExecutionStepSchema = SchemaFactory.createForClass(ExecutionStep);

// Loading the steps of an execution for its next turn.
ExecutionStepSchema.index({ executionId: 1 });
// They expire with their execution.
ExecutionStepSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });

/** The lease of a process that runs executions. */
@Schema({ collection: 'execution_engines', versionKey: false, strict: false })
export class ExecutionEngine {
  @Prop({ type: Date })
  until!: Date;
}

export const ExecutionEngineSchema = SchemaFactory.createForClass(ExecutionEngine);

// Leases that ran out an hour ago are no longer needed.
ExecutionEngineSchema.index({ until: 1 }, { expireAfterSeconds: 3_600 });

/** The next time of a schedule. */
@Schema({ collection: 'execution_schedules', versionKey: false, strict: false })
export class ExecutionSchedule {
  @Prop({ type: Date })
  nextAt!: Date;
}

export const ExecutionScheduleSchema = SchemaFactory.createForClass(ExecutionSchedule);
