import { Type } from 'class-transformer';
import { IsArray, IsIn, IsString, ValidateNested } from 'class-validator';
import type { FieldChange, Happening } from '../database/trail.js';
import { Nullable, RecordId, UtcTime } from '../validation/fields.js';
import { IsJson } from '../validation/is-json.js';

/** Longer values are left out, and all of them where there are many: an execution is started with 64 KiB at most. */
const MAX_VALUE = 1_000;
const MAX_CHANGES = 48 * 1024;

/** One field before and after; null where there was nothing, and where the values are left out. */
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

/** Something that has happened to a record, as methods and executors with `@OnRecord` are told it. */
export class RecordEvent {
  /** `tickets.created` */
  @IsString()
  action!: string;

  @RecordId()
  id!: string;

  /** A user's or an organization's; null for what belongs to nobody. */
  @Nullable()
  @RecordId()
  ownerId!: string | null;

  @IsIn(['user', 'apiKey', 'system'])
  actor!: string;

  /** The user's who did it, or whose API key did; null for the product itself. */
  @Nullable()
  @RecordId()
  userId!: string | null;

  @UtcTime()
  at!: Date;

  /** Without the values of fields that are encrypted, secret or rich text, and without long ones. */
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => ChangedField)
  changes!: ChangedField[];
}

export function eventOf({ action, record, ownerId, actor, at, changes }: Happening): RecordEvent {
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
