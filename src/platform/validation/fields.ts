import { applyDecorators } from '@nestjs/common';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsDate,
  IsEmail,
  isEmail,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  IsUrl,
  Length,
  Matches,
  Max,
  Min,
  ValidateBy,
  ValidateIf,
} from 'class-validator';
import { Types } from 'mongoose';
import { isMailbox, mailboxOf, MAX_MAILBOX } from './mailbox.js';
import { numeralFault, withoutMinusZero } from './numerals.js';
import {
  type Each,
  isCleanText,
  MaxUnits,
  messageOf,
  TextRule,
  TransformTexts,
  UNITS_PER_CHARACTER,
} from './texts.js';
import { timeOf } from './utc-time.js';
import { MAX_WEB_URL, WEB_URL_CHARACTERS, WEB_URL_FORM } from './web-url.js';

/** Maximum number of units that NFC composes into one: Greek letters with three marks, such as U+1F82. */
const UNITS_PER_COMPOSED_UNIT = 4;

/** Trims a text before any rule sees it. Other values are left to the rules. */
export function Trim(options?: Each): PropertyDecorator {
  return TransformTexts((text) => text.trim(), { ...options, note: 'White space around it is removed.' });
}

/**
 * Converts a text to Unicode's composed form (NFC), so that texts which look the same are equal. A text with more units
 * than could compose to `max` characters is left to the rules: composing takes time that grows with the square of the
 * length (2 s for 200 KiB of accents).
 */
export function Compose(max: number, options?: Each): PropertyDecorator {
  const bound = max * UNITS_PER_CHARACTER * UNITS_PER_COMPOSED_UNIT;
  return TransformTexts((text) => (text.length <= bound ? text.normalize('NFC') : text), {
    ...options,
    note: "Kept in Unicode's composed form (NFC).",
  });
}

/** No NUL and no lone surrogate: databases, terminals and UTF-8 cannot hold them. */
export function IsCleanText(options: Each = {}): PropertyDecorator {
  return TextRule('isCleanText', isCleanText, 'must not hold NUL characters or lone surrogates', options);
}

/**
 * White space and other characters that are invisible on their own: joiners, direction marks, fillers, accents without
 * a letter.
 */
const UNSEEN = /^[\p{White_Space}\p{Cc}\p{Cf}\p{M}\p{Default_Ignorable_Code_Point}\u2800\u{1d159}]+$/u;

/**
 * A trimmed text of `min` to `max` characters, as class-validator counts them. With a `min`, it must have a visible
 * character.
 */
export function Text(min: number, max: number, options: Each = {}): PropertyDecorator {
  return applyDecorators(
    Trim(options),
    IsString(options),
    MaxUnits(max * UNITS_PER_CHARACTER, options),
    Length(min, max, options),
    IsCleanText(options),
    ...(min > 0
      ? [TextRule('isVisible', (text) => !UNSEEN.test(text), 'must have a visible character', options)]
      : []),
  );
}

/** Embeds, overrides and isolates: they reverse the text that follows a name. */
const TURNS_TEXT = /[\u202a-\u202e\u2066-\u2069]/;

/**
 * A name: a text in composed form, so that its spelling does not depend on the keyboard. At least one character by
 * default.
 */
export function Name(
  max: number,
  { min = 1, ...each }: Each & { readonly min?: number } = {},
): PropertyDecorator {
  const rule = 'must not hold characters that change the direction of other text';
  return applyDecorators(
    Compose(max, each),
    Text(min, max, each),
    TextRule('keepsDirection', (text) => !TURNS_TEXT.test(text), rule, each),
  );
}

const MAILBOX_NOTE = 'Kept in lower case and composed (NFC), with the domain in ASCII.';

/**
 * An email address, in the canonical form of its mailbox. IsEmail accepts anything between quotes, even line breaks,
 * with which a client could inject headers into a mail, and invisible characters, with which one address looks like
 * another.
 */
export function EmailAddress(options: Each = {}): PropertyDecorator {
  return applyDecorators(
    TransformTexts(mailboxOf, { ...options, note: MAILBOX_NOTE }),
    IsString(options),
    MaxUnits(MAX_MAILBOX, options),
    Length(3, MAX_MAILBOX, options),
    IsCleanText(options),
    IsEmail({}, options),
    TextRule('isMailbox', isMailbox, 'must be an email', options),
  );
}

/**
 * The address of an account as it was typed, in lower case: accounts that are older than `mailboxOf` may have another
 * form, so the caller must look up both.
 */
export function ClaimedAddress(): PropertyDecorator {
  return applyDecorators(
    TransformTexts((text) => text.trim().toLowerCase(), { note: 'Upper and lower case are the same.' }),
    IsString(),
    MaxUnits(MAX_MAILBOX, {}),
    Length(3, MAX_MAILBOX),
    IsCleanText(),
    TextRule('isEmail', (text) => isEmail(mailboxOf(text)), 'must be an email'),
  );
}

/** The URL of a page or service on the web. */
export function WebUrl(options: Each = {}): PropertyDecorator {
  const rule = { ...options, message: messageOf('must be an address such as https://example.com', options) };
  return applyDecorators(
    Trim(options),
    IsString(options),
    MaxUnits(MAX_WEB_URL, options),
    Length(1, MAX_WEB_URL, options),
    IsCleanText(options),
    IsUrl(WEB_URL_FORM, rule),
    Matches(WEB_URL_CHARACTERS, rule),
  );
}

const ID = /^[0-9a-fA-F]{24}$/;

/** The id of a record: 24 hex digits. IsMongoId would accept `0x` and 22 digits, which is not an ObjectId. */
export function RecordId(options: Each = {}): PropertyDecorator {
  return applyDecorators(
    IsString(options),
    Matches(ID, { ...options, message: messageOf('must be an id of 24 hex digits', options) }),
  );
}

/** The id of another record, as the ObjectId that the schema's `ref` field holds. */
export function Reference(): PropertyDecorator {
  return applyDecorators(
    TransformTexts((text) => (ID.test(text) ? new Types.ObjectId(text) : text)),
    ValidateBy({
      name: 'isReference',
      validator: {
        validate: (value) => value instanceof Types.ObjectId,
        defaultMessage: () => '$property must be an id of 24 hex digits',
      },
    }),
  );
}

/** A list with at most `max` and at least `min` items; decorators with `{ each: true }` describe the items. */
export function List(max: number, min = 0): PropertyDecorator {
  return applyDecorators(IsArray(), ArrayMaxSize(max), ...(min > 0 ? [ArrayMinSize(min)] : []));
}

/** An integer that JavaScript and JSON hold exactly, within bounds. */
export function SafeInteger(
  min: number = Number.MIN_SAFE_INTEGER,
  max: number = Number.MAX_SAFE_INTEGER,
  options: Each = {},
): PropertyDecorator {
  return applyDecorators(IsInt(options), Min(min, options), Max(max, options));
}

/** An instant in RFC 3339, with any offset. It is answered in UTC: `2030-01-31T00:00:00.000Z`. */
export function UtcTime(options: Each = {}): PropertyDecorator {
  const rule =
    'must be a time that exists, with its offset, such as 2030-01-31T00:00:00Z or 2030-01-31T01:00:00.000+01:00';
  return applyDecorators(
    TransformTexts((text) => timeOf(text) ?? text, options),
    IsDate({ ...options, message: messageOf(rule, options) }),
  );
}

/** May be omitted, but not null. */
export function Omittable(): PropertyDecorator {
  return ValidateIf((_, value) => value !== undefined);
}

/** Always present in the response, null if unset. */
export function Nullable(): PropertyDecorator {
  return ValidateIf((_, value) => value !== null);
}

/**
 * A query parameter that holds a decimal integer; `limit=1e1`, `limit=0x10` and `limit=` are refused, and what
 * JavaScript does not hold exactly.
 */
export function QueryInteger(min?: number, max?: number): PropertyDecorator {
  return applyDecorators(
    IsOptional(),
    TransformTexts((text) => {
      const value = /^-?\d{1,16}$/.test(text) ? Number(text) : NaN;
      return Number.isSafeInteger(value) ? withoutMinusZero(value) : text;
    }),
    SafeInteger(min, max),
  );
}

/** A query parameter that holds a decimal number, such as `-1.5`; `1e1`, `.5` and an empty text are refused. */
export function QueryNumber(min?: number, max?: number): PropertyDecorator {
  return applyDecorators(
    IsOptional(),
    TransformTexts((text) => {
      const isHeld = /^-?\d{1,30}(?:\.\d{1,30})?$/.test(text) && numeralFault(text) === undefined;
      return isHeld ? withoutMinusZero(Number(text)) : text;
    }),
    IsNumber(),
    ...(min === undefined ? [] : [Min(min)]),
    ...(max === undefined ? [] : [Max(max)]),
  );
}

/** A query parameter that is `true` or `false`. */
export function QueryFlag(): PropertyDecorator {
  return applyDecorators(
    IsOptional(),
    TransformTexts((text) => (text === 'true' ? true : text === 'false' ? false : text)),
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
