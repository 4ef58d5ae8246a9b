import type { Caller, Permission, UserId } from '../../platform/access/caller.js';
import type { User } from './user.schema.js';

/** What is asked of a user at each request; null for one who is disabled. */
export function callerOf(
  { _id, disabled, role, emailVerified, otpEnabled, validFrom }: User,
  permissions: ReadonlySet<Permission>,
): Caller | null {
  if (disabled) return null;
  return {
    id: _id.toHexString() as UserId,
    role,
    permissions,
    emailVerified,
    otpEnabled,
    // Tokens name the second that they were issued in.
    validFrom: Math.floor((validFrom?.getTime() ?? 0) / 1000) * 1000,
  };
}
