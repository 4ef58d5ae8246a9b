import { createRequire } from 'node:module';
import { applyDecorators } from '@nestjs/common';
import { IsString, Length } from 'class-validator';
import { validatorOf } from './compile.js';
import { IsCleanText } from './fields.js';
import { TextRule, TransformTexts } from './texts.js';

/** bcrypt ignores what is past 72 bytes, so a longer password would promise more than it keeps. */
export const MAX_PASSWORD_BYTES = 72;
const MAX_CHARACTERS = 128;
/** Longer texts are refused anyway, and normalising takes quadratic time. */
const MAX_UNITS = 8 * MAX_CHARACTERS;
/** How many of the most common passwords nobody may have. */
const COMMON = 10_000;
/** Shorter names stand in too many passwords by chance. */
const LEAST_NAME = 3;
/** What samples of configuration files hold where a password of one's own belongs. */
const PLACEHOLDER = /^(?:p[a@]ssw[o0]rd|qwerty\w*|secret|change[-_ ]?(?:me|this)|your[-_ ].*|<.*>)\d*$/;

let common: ReadonlySet<string> | undefined;

/** Read when the first password is chosen: most processes never see one. */
function commonPasswords(): ReadonlySet<string> {
  // Most common first, in lower case. The package's main module would unpack two other dictionaries as well.
  common ??= new Set(
    (createRequire(import.meta.url)('@zxcvbn-ts/language-common/src/passwords.json') as string[]).slice(
      0,
      COMMON,
    ),
  );
  return common;
}

/** The form in which a password is hashed: keyboards and systems write the same characters in different ways. */
export function passwordForm(password: string): string {
  return password.length <= MAX_UNITS ? password.normalize('NFKC') : password;
}

/** A password that somebody chooses: 8 to 128 characters, at most 72 bytes. */
export function NewPassword(): PropertyDecorator {
  const fits = (text: string): boolean => Buffer.byteLength(text) <= MAX_PASSWORD_BYTES;
  const rule = 'must not be longer than $constraint1 bytes of UTF-8';
  return applyDecorators(
    TransformTexts(passwordForm, { note: "Its length counts in Unicode's compatible form (NFKC)." }),
    IsString(),
    Length(8, MAX_CHARACTERS),
    TextRule('maxBytes', fits, rule, {}, [MAX_PASSWORD_BYTES]),
    IsCleanText(),
  );
}

/** A password that somebody claims to have. Bounded, but held to no other rule: it may be older than the rules. */
export function ClaimedPassword(): PropertyDecorator {
  return applyDecorators(IsString(), Length(1, MAX_CHARACTERS), IsCleanText());
}

/** The words of the part of an address before the @: `ada.lovelace+news` → ada, lovelace, news, and all of them. */
function namesOf(email: string): string[] {
  const [local = ''] = email.normalize('NFKC').split('@');
  return [local, ...local.split(/[^\p{L}\p{M}\p{N}]+/u)].filter((name) => name.length >= LEAST_NAME);
}

/**
 * Why attackers would try a password first, whatever its case: one of the most common, a placeholder, or one
 * that holds the name in the address that it belongs to.
 * @param email in lower case
 */
export function weaknessOf(password: string, email: string): string | undefined {
  const folded = passwordForm(password).toLowerCase();
  if (commonPasswords().has(folded.trim()) || PLACEHOLDER.test(folded.trim())) {
    return 'must not be one of the most common ones';
  }
  if (namesOf(email).some((name) => folded.includes(name))) {
    return 'must not hold the name in the email address';
  }
  return undefined;
}

class Chosen {
  @NewPassword()
  password!: string;
}

/** What is wrong with a password that somebody chooses outside a request: all that registering would refuse. */
export function passwordFault(password: string, email: string): string | undefined {
  const { faults } = validatorOf(Chosen)({ password });
  return faults?.[0]?.message.replace(/^password /, '') ?? weaknessOf(password, email);
}
