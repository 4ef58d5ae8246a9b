import { defineEvents } from '../../platform/logging/events.js';

/** What the log tells of this feature. */
export const WebhookEvents = defineEvents({
  webhook_paused: {
    level: 'warn',
    about: 'A webhook was paused, since nothing has got to its receiver for days; its owner was mailed.',
  },
  webhook_ended: { level: 'info', about: 'The receiver of a webhook answered 410: it wants no more.' },
});
