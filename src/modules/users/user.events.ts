import { defineEvents } from '../../platform/logging/events.js';

/** The domain events of this feature. */
export const UserEvents = defineEvents({
  user_registered: { level: 'info', about: 'Somebody registered.' },
  user_created: {
    level: 'info',
    about: 'An administrator created a user, or the start created the first one.',
  },
  user_rights_changed: {
    level: 'warn',
    about:
      'A user was given another role, was disabled or enabled; `role` and `disabled` are what it has now.',
  },
  user_deleted: { level: 'warn', about: 'A user was deleted; `records_removed` follows.' },
  email_verified: { level: 'info', about: 'A user showed that mails to its address arrive.' },
  email_changed: { level: 'warn', about: 'A user has another address; its other sessions ended.' },
  email_change_undone: {
    level: 'warn',
    about: 'A user has its former address again, by the link that was mailed there; all sessions ended.',
  },
});
