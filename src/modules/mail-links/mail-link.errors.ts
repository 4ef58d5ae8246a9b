import { define, defineErrors } from '../../platform/errors/errors.js';

/** The errors of this feature, beside those that its resource makes. */
export const MailLinkErrors = defineErrors({
  INVALID_RESET_TOKEN: define(400, 'The link was used, has expired or is not known; ask for a new one'),
});
