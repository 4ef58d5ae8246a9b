import { BEARER, define, defineErrors } from '../../platform/errors/errors.js';

/** The errors of this feature, beside those that its resource makes. */
export const PasskeyErrors = defineErrors({
  INVALID_PASSKEY: define(
    401,
    'The passkey is not known here, or what it says is not what was asked',
    'info',
    BEARER,
  ),
  PASSKEY_REFUSED: define(
    400,
    'What the device says is not what was asked; ask for new options and try again',
  ),
  PASSKEY_TAKEN: define(409, 'The passkey is registered already'),
  PASSKEY_LIMIT_REACHED: define(409, 'You have as many passkeys as a user may have; remove one first'),
  PASSKEYS_NOT_CONFIGURED: define(
    503,
    'This server takes no passkeys: it needs PUBLIC_URL, with the name of a host',
    'warn',
    { 'retry-after': '3600' },
  ),
});
