import { define, defineErrors, notFoundError, RETRY_SOON } from '../../platform/errors/errors.js';

/** The errors of this feature. */
export const OAuthErrors = {
  PROVIDER_NOT_FOUND: notFoundError('provider'),
  ...defineErrors({
    INVALID_OAUTH_STATE: define(
      400,
      'This sign-in was not started in this browser, or too long ago; start it again',
      'warn',
    ),
    INVALID_OAUTH_CODE: define(
      400,
      'The code is wrong, was used before or is too old; start the sign-in again',
    ),
    PROVIDER_REFUSED: define(403, 'The sign-in was cancelled or refused by the provider'),
    SIGN_IN_FAILED: define(403, 'The response of the provider is invalid; start the sign-in again', 'warn'),
    PROVIDER_UNAVAILABLE: define(503, 'The provider does not answer; try again later', 'error', RETRY_SOON),
  }),
};
