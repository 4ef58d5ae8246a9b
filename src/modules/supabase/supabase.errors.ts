import { RETRY_SOON, define, defineErrors } from '../../platform/errors/errors.js';

/** The errors of this feature, in addition to those of its resource. */
export const SupabaseErrors = defineErrors({
  EMAIL_NOT_CONFIRMED: define(403, 'Supabase knows no confirmed email address of yours'),
  AUTH_SERVER_UNAVAILABLE: define(
    503,
    'Supabase does not answer, so its token cannot be checked; try again later',
    'error',
    RETRY_SOON,
  ),
});
