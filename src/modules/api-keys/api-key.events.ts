import { defineEvents } from '../../platform/logging/events.js';

/** What the log tells of this feature. */
export const ApiKeyEvents = defineEvents({
  api_key_created: { level: 'info', about: 'A user created an API key.' },
  api_key_deleted: { level: 'info', about: 'A user deleted an API key.' },
});
