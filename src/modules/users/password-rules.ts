import { createRequire } from 'node:module';
import { type ApiError, apiError } from '../../platform/errors/errors.js';

/** How many of the most common passwords nobody may have. */
const COMMON = 10_000;
/** Shorter names stand in too many passwords by chance. */
const LEAST_NAME = 3;

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

/** The words of the part of an address before the @: `ada.lovelace+news` → ada, lovelace, news, and all of them. */
function namesOf(email: string): string[] {
  const [local = ''] = email.split('@');
  return [local, ...local.split(/[^\p{L}\p{N}]+/u)].filter((name) => name.length >= LEAST_NAME);
}

function weak(field: string, message: string): ApiError {
  return apiError('WEAK_PASSWORD', { details: [{ path: field, message: `${field} ${message}` }] });
}

/**
 * Refuses a password that is tried first by who guesses: whatever its case, one of the most common, or one that
 * holds the name in the address that it belongs to.
 * @param email in lower case
 * @param field that the client sent it in, for the error
 * @throws ApiError WEAK_PASSWORD (400)
 */
export function requireStrongPassword(password: string, email: string, field = 'password'): void {
  const folded = password.normalize('NFKC').toLowerCase();
  if (commonPasswords().has(folded.trim())) throw weak(field, 'must not be one of the most common ones');
  if (namesOf(email).some((name) => folded.includes(name))) {
    throw weak(field, 'must not hold the name in the email address');
  }
}
