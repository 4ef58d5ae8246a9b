import { BEARER, define, defineErrors } from '../../platform/errors/errors.js';

/** The errors of this feature, in addition to those of its resource. */
export const PasskeyErrors = defineErrors({
  INVALID_PASSKEY: define(401, 'The passkey is unknown, or its response is invalid', 'info', BEARER),
  PASSKEY_REFUSED: define(400, 'The response of the device is invalid; request new options and try again'),
  PASSKEY_TAKEN: define(409, 'The passkey is registered already'),
  PASSKEY_LIMIT_REACHED: define(409, 'You have reached the maximum number of passkeys; remove one first'),
  PASSKEYS_NOT_CONFIGURED: define(
    503,
    'This server does not support passkeys: it needs a PUBLIC_URL with a host name',
    'warn',
    { 'retry-after': '3600' },
  ),
});
