import { Type } from 'class-transformer';
import { IsArray, IsIn, IsString, ValidateNested } from 'class-validator';
import type { ChangeEvent, FieldChange } from '../database/change-events.js';
import { Nullable, RecordId, UtcTime } from '../validation/fields.js';
import { IsJson } from '../validation/is-json.js';

/** Longer values are left out, and all values if there are many: the input of an execution is limited to 64 KiB. */
const MAX_VALUE = 1_000;
const MAX_CHANGES = 48 * 1024;

/** One field before and after; null if there was no value or it is left out. */
export class ChangedField {
  @IsString()
  field!: string;

  @Nullable()
  @IsJson()
  from!: unknown;

  @Nullable()
  @IsJson()
  to!: unknown;
}

/** An event of a record, as passed to methods and executors with `@OnRecord`. */
export class RecordEvent {
  /** `tickets.created` */
  @IsString()
  action!: string;

  @RecordId()
  id!: string;

  /** The id of the user or organization that owns the record; null if it has no owner. */
  @Nullable()
  @RecordId()
  ownerId!: string | null;

  @IsIn(['user', 'apiKey', 'system'])
  actor!: string;

  /** The id of the user who made the change, or whose API key did; null for the product itself. */
  @Nullable()
  @RecordId()
  userId!: string | null;

  @UtcTime()
  at!: Date;

  /** Without the values of encrypted, secret and rich text fields, and without long values. */
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => ChangedField)
  changes!: ChangedField[];
}

export function eventOf({ action, record, ownerId, actor, at, changes }: ChangeEvent): RecordEvent {
  const userId = actor.kind === 'system' ? null : actor.kind === 'user' ? actor.id : actor.user;
  const whole = changes.map(shortened);
  const fits = JSON.stringify(whole).length <= MAX_CHANGES;
  return {
    action,
    id: record.split('/').at(-1) ?? '',
    ownerId: ownerId?.toHexString() ?? null,
    actor: actor.kind,
    userId,
    at,
    changes: fits ? whole : whole.map(({ field }) => ({ field, from: null, to: null })),
  };
}

function shortened({ field, from, to }: FieldChange): ChangedField {
  const isLong = JSON.stringify([from, to]).length > MAX_VALUE;
  return { field, from: isLong ? null : (from ?? null), to: isLong ? null : (to ?? null) };
}
