import { define, defineErrors } from '../../platform/errors/errors.js';

export const WebhookErrors = defineErrors({
  WEBHOOK_LIMIT_REACHED: define(409, 'You have as many webhooks as an owner may have; delete one first'),
  WEBHOOK_NOT_ACTIVE: define(409, 'The webhook takes nothing now; make it active first'),
});
