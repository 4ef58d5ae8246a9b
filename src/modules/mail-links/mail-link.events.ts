import { defineEvents } from '../../platform/logging/events.js';

/** The domain events of this feature. */
export const MailLinkEvents = defineEvents({
  password_reset: {
    level: 'warn',
    about: 'A password was set by a mailed link; all sessions of the user ended.',
  },
  email_change_requested: {
    level: 'warn',
    about: 'A user asked for another address; nothing has changed yet.',
  },
});
