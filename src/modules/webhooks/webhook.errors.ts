import { define, defineErrors } from '../../platform/errors/errors.js';

export const WebhookErrors = defineErrors({
  WEBHOOK_LIMIT_REACHED: define(409, 'You have reached the maximum number of webhooks; delete one first'),
  WEBHOOK_NOT_ACTIVE: define(409, 'The webhook is not active; activate it first'),
});
