import { defineEvents } from '../../platform/logging/events.js';

/** The domain events of this feature. */
export const AccountEvents = defineEvents({
  password_changed: { level: 'info', about: 'A user changed its password; its other sessions ended.' },
});
