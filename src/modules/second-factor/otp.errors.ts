import { BEARER, define, defineErrors } from '../../platform/errors/errors.js';

/** The errors of this feature, in addition to those of its resource. */
export const OtpErrors = defineErrors({
  OTP_REQUIRED: define(401, 'A code of the second factor is required', 'info', BEARER),
  INVALID_OTP: define(401, 'The code is wrong or was used before', 'info', BEARER),
  OTP_ALREADY_ENABLED: define(409, 'The second factor is on already'),
});
