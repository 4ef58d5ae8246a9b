import type { Row, Statuses } from './access-rows.js';
import { INVITATIONS, ORGANIZATIONS } from './organizations.js';
import { newCredentials } from './users.js';

const NOTHING = '66f1a0c2e4b0a1b2c3d4e5f7';
const BY_PEOPLE: Statuses = [401, 401, 401, 401, 200, 200, 200, 200, 403, 200];
/** For people who are no members. */
const NO_MEMBER: Statuses = [401, 401, 401, 401, 404, 404, 404, 404, 403, 404];

/** What members of an organization may is told in organization-roles.ts: these callers are of none. */
export const ORGANIZATION_ROWS: readonly Row[] = [
  {
    route: `POST ${ORGANIZATIONS}`,
    statuses: [401, 401, 401, 401, 201, 201, 201, 201, 403, 201],
    body: () => ({ name: 'Team' }),
  },
  { route: `GET ${ORGANIZATIONS}`, statuses: BY_PEOPLE },
  { route: `GET ${ORGANIZATIONS}/:id`, url: () => `${ORGANIZATIONS}/${NOTHING}`, statuses: NO_MEMBER },
  {
    route: `PATCH ${ORGANIZATIONS}/:id`,
    url: () => `${ORGANIZATIONS}/${NOTHING}`,
    body: () => ({ name: 'Team' }),
    statuses: NO_MEMBER,
  },
  { route: `DELETE ${ORGANIZATIONS}/:id`, url: () => `${ORGANIZATIONS}/${NOTHING}`, statuses: NO_MEMBER },
  {
    route: `GET ${ORGANIZATIONS}/:id/members`,
    url: () => `${ORGANIZATIONS}/${NOTHING}/members`,
    statuses: NO_MEMBER,
  },
  {
    route: `PATCH ${ORGANIZATIONS}/:id/members/:userId`,
    url: () => `${ORGANIZATIONS}/${NOTHING}/members/${NOTHING}`,
    body: () => ({ role: 'admin' }),
    statuses: NO_MEMBER,
  },
  {
    route: `DELETE ${ORGANIZATIONS}/:id/members/:userId`,
    url: () => `${ORGANIZATIONS}/${NOTHING}/members/${NOTHING}`,
    statuses: NO_MEMBER,
  },
  {
    route: `POST ${ORGANIZATIONS}/:id/invitations`,
    url: () => `${ORGANIZATIONS}/${NOTHING}/invitations`,
    body: () => ({ email: newCredentials().email, role: 'member' }),
    statuses: NO_MEMBER,
  },
  {
    route: `GET ${ORGANIZATIONS}/:id/invitations`,
    url: () => `${ORGANIZATIONS}/${NOTHING}/invitations`,
    statuses: NO_MEMBER,
  },
  {
    route: `DELETE ${ORGANIZATIONS}/:id/invitations/:invitationId`,
    url: () => `${ORGANIZATIONS}/${NOTHING}/invitations/${NOTHING}`,
    statuses: NO_MEMBER,
  },
  { route: `GET ${INVITATIONS}`, statuses: BY_PEOPLE },
  {
    route: `POST ${INVITATIONS}/accept`,
    body: () => ({ token: 'made-up' }),
    statuses: [401, 401, 401, 401, 400, 400, 400, 400, 403, 400],
  },
  {
    route: `POST ${INVITATIONS}/decline`,
    body: () => ({ token: 'made-up' }),
    statuses: [401, 401, 401, 401, 400, 400, 400, 400, 403, 400],
  },
];
