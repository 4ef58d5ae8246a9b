import { defineEvents } from '../../platform/logging/events.js';

/** The domain events of this feature. */
export const AuthEvents = defineEvents({
  login_succeeded: { level: 'info', about: 'A user signed in.' },
  login_failed: { level: 'warn', about: 'A sign-in was refused; `userId` only when the account exists.' },
  identity_proved: { level: 'info', about: 'A user proved its identity again in a session.' },
});
