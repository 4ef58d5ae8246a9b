import { define, defineErrors, notFoundError } from '../../platform/errors/errors.js';

/** The errors of this feature, in addition to those of its resource. */
export const IdentityErrors = {
  IDENTITY_NOT_FOUND: notFoundError('identity'),
  ...defineErrors({
    ACCOUNT_LINK_REQUIRED: define(
      409,
      'There is a user with this email address; sign in as that user and link the identity',
    ),
    IDENTITY_TAKEN: define(409, 'The identity is linked to another user'),
    IDENTITY_LIMIT_REACHED: define(
      409,
      'You have reached the maximum number of identities; unlink one first',
    ),
  }),
};
