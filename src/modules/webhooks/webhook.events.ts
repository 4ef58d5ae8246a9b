import { defineEvents } from '../../platform/logging/events.js';

/** The domain events of this feature. */
export const WebhookEvents = defineEvents({
  webhook_paused: {
    level: 'warn',
    about: 'A webhook was paused after days of failed deliveries; its owner was mailed.',
  },
  webhook_ended: { level: 'info', about: 'The receiver of a webhook has unsubscribed by answering 410.' },
});
