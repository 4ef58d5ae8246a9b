import { define, defineErrors } from '../../platform/errors/errors.js';

/** The errors of this feature, in addition to those of its resource. */
export const MailLinkErrors = defineErrors({
  INVALID_RESET_TOKEN: define(400, 'The link was already used, has expired or is invalid; request a new one'),
});
