import { defineEvents } from '../../platform/logging/events.js';

/** The domain events of this feature. */
export const OAuthEvents = defineEvents({
  oauth_failed: {
    level: 'warn',
    about:
      'A sign-in with a provider failed: `provider`, `code` of the error, `reason`. Nothing that was sent is logged.',
  },
});
