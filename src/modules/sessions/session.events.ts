import { defineEvents } from '../../platform/logging/events.js';

/** What the log tells of this feature. */
export const SessionEvents = defineEvents({
  session_ended: { level: 'info', about: 'A session was ended: by signing out, or from another one.' },
  sessions_ended: {
    level: 'warn',
    about: 'All sessions of a user but the present one were ended, `count` of them.',
  },
  refresh_token_reused: {
    level: 'warn',
    about:
      'Tokens were used that had been replaced, or the one before them was: somebody has a copy. The session was ended.',
  },
  refresh_answered_again: {
    level: 'info',
    about: 'A refresh token was used again, and nobody had used what came of it: that got lost.',
  },
});
