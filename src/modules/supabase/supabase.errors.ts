import { RETRY_SOON, define, defineErrors } from '../../platform/errors/errors.js';

/** The errors of this feature, beside those that its resource makes. */
export const SupabaseErrors = defineErrors({
  EMAIL_NOT_CONFIRMED: define(403, 'Supabase knows no confirmed email address of yours'),
  ACCOUNT_LINK_REQUIRED: define(
    409,
    'There is a user with this email address; sign in as that user and link the identity',
  ),
  IDENTITY_TAKEN: define(409, 'The identity is linked to another user'),
  IDENTITY_LIMIT_REACHED: define(409, 'You have as many identities as a user may have; unlink one first'),
  LAST_WAY_IN: define(409, 'Without a password this is the only way to sign in'),
  AUTH_SERVER_UNAVAILABLE: define(
    503,
    'Supabase does not answer, so its token cannot be checked; try again later',
    'error',
    RETRY_SOON,
  ),
});
