import { BEARER, define, defineErrors, notFoundError } from '../../platform/errors/errors.js';

/** The errors of this feature, in addition to those of its resource. */
export const UserErrors = {
  USER_NOT_FOUND: notFoundError('user'),
  ...defineErrors({
    REGISTRATION_CLOSED: define(403, 'Registration is closed'),
    WEAK_PASSWORD: define(400, 'The password is too easy to guess'),
    INVALID_CREDENTIALS: define(401, 'The email or password is wrong', 'info', BEARER),
    EMAIL_TAKEN: define(409, 'The email address is taken'),
    LAST_WAY_IN: define(409, 'Without a password this is the only way to sign in'),
    LAST_ADMIN: define(409, 'This is the last administrator who may sign in'),
  }),
};
