import { BEARER, define, defineErrors } from '../../platform/errors/errors.js';

/** The errors of this feature, in addition to those of its resource. */
export const SessionErrors = defineErrors({
  SESSION_NOT_FOUND: define(404, 'Session not found'),
  INVALID_REFRESH_TOKEN: define(401, 'The refresh token is not valid; sign in again', 'info', BEARER),
  REFRESH_TOKEN_REUSED: define(401, 'The refresh token was used before; sign in again', 'warn', BEARER),
  REFRESH_IN_PROGRESS: {
    ...define(409, 'The refresh token was used a moment ago; use the new one'),
    saysWhen: true,
  },
});
