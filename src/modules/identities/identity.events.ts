import { defineEvents } from '../../platform/logging/events.js';

/** The domain events of this feature. */
export const IdentityEvents = defineEvents({
  identity_linked: {
    level: 'info',
    about: 'An identity was linked to a user: by the user, or because the user was created for it.',
  },
  identity_unlinked: { level: 'info', about: 'A user unlinked an identity.' },
});
