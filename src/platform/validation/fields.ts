import { applyDecorators } from '@nestjs/common';
import { Transform } from 'class-transformer';
import {
  IsBoolean,
  IsDate,
  IsEmail,
  IsInt,
  IsOptional,
  IsString,
  Length,
  Matches,
  Max,
  Min,
  ValidateBy,
  ValidateIf,
  type ValidationOptions,
} from 'class-validator';

/**
 * Most UTF-16 units that class-validator counts as one character: a surrogate pair and the variation selector
 * behind it. A schema's maxlength is so many times the characters that its DTO allows.
 */
const UNITS_PER_CHARACTER = 3;

/** Most units that Unicode composes to one: Greek letters with three marks, such as U+1F82. */
const UNITS_PER_COMPOSED_UNIT = 4;

/** Removes white space around a text, before any rule sees it. Anything else is left for the rules to refuse. */
export function Trim(): PropertyDecorator {
  return Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.trim() : value));
}

/**
 * Brings a text into Unicode's composed form (NFC), so that texts which look the same are the same.
 * A text of more units than can compose to `max` characters is left for the rules to refuse: composing takes
 * time that grows with the square of the length (2 s for 200 KiB of accents).
 */
export function Compose(max: number): PropertyDecorator {
  const bound = max * UNITS_PER_CHARACTER * UNITS_PER_COMPOSED_UNIT;
  return Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && value.length <= bound ? value.normalize('NFC') : value,
  );
}

/** Whether a text can be stored and shown: no NUL, no half of a surrogate pair. */
export function isCleanText(value: unknown): boolean {
  return typeof value === 'string' && value.isWellFormed() && !value.includes('\0');
}

/** No NUL and no lone surrogate: databases, terminals and UTF-8 cannot hold them. */
export function IsCleanText(options?: ValidationOptions): PropertyDecorator {
  return ValidateBy(
    {
      name: 'isCleanText',
      validator: {
        validate: isCleanText,
        defaultMessage: () => '$property must not hold NUL characters or lone surrogates',
      },
    },
    options,
  );
}

/**
 * Bounds the UTF-16 units of a text, before anything is done that takes longer the longer the text is.
 * A schema's maxlength counts units too.
 */
function MaxUnits(units: number): PropertyDecorator {
  return ValidateBy({
    name: 'maxUnits',
    constraints: [units],
    validator: {
      validate: (value) => typeof value === 'string' && value.length <= units,
      defaultMessage: () => '$property must not be longer than $constraint1 UTF-16 units',
    },
  });
}

/** A trimmed text of `min` to `max` characters, which class-validator counts. */
export function Text(min: number, max: number): PropertyDecorator {
  return applyDecorators(
    Trim(),
    IsString(),
    MaxUnits(max * UNITS_PER_CHARACTER),
    Length(min, max),
    IsCleanText(),
  );
}

/** A name: a text in which only characters count, not the way they were typed. */
export function Name(max: number): PropertyDecorator {
  return applyDecorators(Compose(max), Text(1, max));
}

/**
 * An e-mail address, in lower case. IsEmail takes anything between quotes, line breaks too, with which a client
 * could write headers into a mail; and characters that nobody sees, with which one address looks like another.
 */
export function EmailAddress(): PropertyDecorator {
  return applyDecorators(
    Trim(),
    Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? value.toLowerCase() : value)),
    IsString(),
    MaxUnits(254),
    Length(3, 254),
    IsCleanText(),
    IsEmail(),
    Matches(/^[^\s\p{Cc}\p{Cf}]+$/u, { message: '$property must be an email' }),
  );
}

/** The id of a record: 24 hex digits. IsMongoId would take `0x` and 22 digits, which is no ObjectId. */
export function RecordId(): PropertyDecorator {
  return applyDecorators(
    IsString(),
    Matches(/^[0-9a-fA-F]{24}$/, { message: '$property must be an id of 24 hex digits' }),
  );
}

const UTC_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z$/;

/** The time that a text names; whatever names none, such as the 31st of February, is left for the rules to refuse. */
function toTime(value: unknown): unknown {
  if (typeof value !== 'string' || !UTC_TIME.test(value)) return value;
  const time = new Date(value);
  const exists = !Number.isNaN(time.getTime()) && time.toISOString().startsWith(value.slice(0, 19));
  return exists ? time : value;
}

/** A time in ISO 8601 and UTC, as the answers write it: `2030-01-31T00:00:00.000Z`. */
export function UtcTime(): PropertyDecorator {
  const message = '$property must be a time in ISO 8601 and UTC, such as 2030-01-31T00:00:00.000Z';
  return applyDecorators(
    Transform(({ value }: { value: unknown }) => toTime(value)),
    IsDate({ message }),
  );
}

/** May be left out, but is not null where it is sent. */
export function Omittable(): PropertyDecorator {
  return ValidateIf((_, value) => value !== undefined);
}

/** Always answered, as null where there is nothing. */
export function Nullable(): PropertyDecorator {
  return ValidateIf((_, value) => value !== null);
}

/** A query parameter that holds a decimal integer; `limit=1e1`, `limit=0x10` and `limit=` are refused. */
export function QueryInteger(min: number, max: number): PropertyDecorator {
  return applyDecorators(
    IsOptional(),
    Transform(({ value }: { value: unknown }) =>
      typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value,
    ),
    IsInt(),
    Min(min),
    Max(max),
  );
}

/** A query parameter that is `true` or `false`. */
export function QueryFlag(): PropertyDecorator {
  return applyDecorators(
    IsOptional(),
    Transform(({ value }: { value: unknown }) =>
      value === 'true' ? true : value === 'false' ? false : value,
    ),
    IsBoolean(),
  );
}

/** A query parameter that names an owner by id, or `all`. */
export function OwnerFilter(): PropertyDecorator {
  return applyDecorators(
    IsOptional(),
    IsString(),
    Matches(/^(?:all|[0-9a-fA-F]{24})$/, { message: '$property must be the id of a user, or all' }),
  );
}
