import { defineEvents } from '../../platform/logging/events.js';

/** What the log tells of this feature. */
export const AccountEvents = defineEvents({
  password_changed: { level: 'info', about: 'A user changed its password; its other sessions ended.' },
});
