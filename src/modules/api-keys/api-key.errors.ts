import { define, defineErrors } from '../../platform/errors/errors.js';

/** The errors of this feature, in addition to those of its resource. */
export const ApiKeyErrors = defineErrors({
  API_KEY_LIMIT_REACHED: define(409, 'You have as many API keys as a user may have; delete one first'),
});
