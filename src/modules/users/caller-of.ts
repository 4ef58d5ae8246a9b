import type { Caller, Permission, UserId } from '../../platform/access/caller.js';
import type { User } from './user.schema.js';

/** The caller that a user becomes; null if it is disabled. */
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
    // Tokens hold their time of issue in whole seconds.
    validFrom: Math.floor((validFrom?.getTime() ?? 0) / 1000) * 1000,
  };
}
