import { defineEvents } from '../../platform/logging/events.js';

/** The domain events of this feature. */
export const OrganizationEvents = defineEvents({
  organization_created: { level: 'info', about: 'A user created an organization.' },
  organization_deleted: { level: 'warn', about: 'An organization was deleted; `records_removed` follows.' },
  record_transferred: { level: 'info', about: 'A record was transferred to another owner, `ownerId`.' },
  member_joined: {
    level: 'info',
    about: 'A user joined an organization by an invitation; `role` is what it has.',
  },
  member_role_changed: { level: 'warn', about: 'A member of an organization was given another `role`.' },
  member_removed: { level: 'warn', about: 'A user is no longer a member of an organization.' },
});
