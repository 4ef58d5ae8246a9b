import { apiError } from '../../platform/errors/errors.js';
import { weaknessOf } from '../../platform/validation/passwords.js';
import { UserErrors } from './user.errors.js';

/**
 * Refuses passwords that attackers try first.
 * @param email in lower case
 * @param field the name under which the client sent it, for the error
 * @throws ApiError WEAK_PASSWORD (400)
 */
export function requireStrongPassword(password: string, email: string, field = 'password'): void {
  const weakness = weaknessOf(password, email);
  if (weakness === undefined) return;
  throw apiError(UserErrors.WEAK_PASSWORD, { details: [{ path: field, message: `${field} ${weakness}` }] });
}
