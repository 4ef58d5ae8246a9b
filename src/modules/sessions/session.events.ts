import { defineEvents } from '../../platform/logging/events.js';

/** The domain events of this feature. */
export const SessionEvents = defineEvents({
  session_ended: { level: 'info', about: 'A session was ended: by signing out, or from another one.' },
  sessions_ended: {
    level: 'warn',
    about: 'All sessions of a user but the present one were ended, `count` of them.',
  },
  refresh_token_reused: {
    level: 'warn',
    about: 'A replaced or abandoned token was used, so somebody has a copy. The session was ended.',
  },
  refresh_answered_again: {
    level: 'info',
    about: 'A refresh token was used again before its new tokens were: those count as lost.',
  },
});
