import { define, defineErrors } from '../../platform/errors/errors.js';

/** The errors of this feature, beside those that its resource makes. */
export const ApiKeyErrors = defineErrors({
  API_KEY_LIMIT_REACHED: define(409, 'You have as many API keys as a user may have; delete one first'),
});
