import { defineEvents } from '../../platform/logging/events.js';

/** What the log tells of this feature. */
export const SupabaseEvents = defineEvents({
  identity_linked: {
    level: 'info',
    about: 'A Supabase identity was linked to a user: by the user, or because the user was created for it.',
  },
  identity_unlinked: { level: 'info', about: 'A user unlinked a Supabase identity.' },
});
