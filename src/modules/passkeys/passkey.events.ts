import { defineEvents } from '../../platform/logging/events.js';

/** The domain events of this feature. */
export const PasskeyEvents = defineEvents({
  passkey_added: { level: 'info', about: 'A user registered a passkey.' },
  passkey_removed: { level: 'info', about: 'A user removed a passkey.' },
  passkey_refused: {
    level: 'warn',
    about: 'A response of a user’s passkey was refused; `reason` says why. With `counter` it may be a copy.',
  },
});
