import { FEATURES } from '../features/features.js';
import { PUBLIC, READ, type Row, SIGNED_IN, type Statuses } from './access-rows.js';
import { FILES } from './forms.js';
import { ORGANIZATIONS } from './organizations.js';
import { USERS } from './users.js';
import { WEBHOOKS } from './webhooks.js';

const MOVED: Statuses = [308, 308, 308, 308, 308, 308, 308, 308, 308, 308];
const REDIRECTED: Statuses = [302, 302, 302, 302, 302, 302, 302, 302, 302, 302];
const BY_ADMINISTRATORS: Statuses = [401, 401, 401, 401, 403, 403, 403, 200, 403, 403];
const BY_READERS: Statuses = [401, 401, 401, 401, 403, 403, 200, 200, 403, 403];
const BY_PAGES: Statuses = [403, 403, 403, 403, 403, 403, 403, 403, 403, 403];

/** The console's pages, for everybody; with a slash behind they lead to the one without. */
const PAGES = [
  '/login',
  '/register',
  '/forgot',
  '/reset',
  '/verify',
  '/email-change',
  '/email-undo',
  '/invitation',
  '/proved',
  '/dashboard',
  ...[
    'profile',
    'security',
    'sessions',
    'api-keys',
    'organization',
    'activity',
    'status',
    'schedules',
    'outbox',
  ].map((name) => `/console/${name}`),
  ...['executions', USERS, FILES, ORGANIZATIONS, WEBHOOKS, ...FEATURES.map(({ path }) => path)].flatMap(
    (path) => {
      const page = `/console/${path.split('/').at(-1)}`;
      return [page, `${page}/:record`];
    },
  ),
];

/** The routes of the console, and what each caller gets. */
export const CONSOLE_ROWS: readonly Row[] = [
  {
    route: 'GET /console/files/:version/:file',
    url: () => '/console/files/x/login.js',
    statuses: PUBLIC,
  },
  { route: 'GET /console', statuses: REDIRECTED },
  { route: 'GET /console/', statuses: MOVED },
  { route: 'GET /console/caller', statuses: SIGNED_IN },
  { route: 'GET /console/events', statuses: SIGNED_IN },
  { route: 'GET /console/features', statuses: SIGNED_IN },
  { route: 'GET /console/mails', statuses: SIGNED_IN },
  { route: 'GET /console/system', statuses: BY_ADMINISTRATORS },
  { route: 'GET /console/system/users', statuses: BY_READERS },
  {
    route: 'GET /console/system/users/:id',
    url: ({ owner }) => `/console/system/users/${owner.userId}`,
    statuses: READ,
  },
  // Without an Origin; console-session has the rest.
  { route: 'POST /console/session', statuses: BY_PAGES },
  { route: 'POST /console/session/refresh', statuses: BY_PAGES },
  { route: 'DELETE /console/session', statuses: BY_PAGES },
  ...PAGES.flatMap((page) => [
    { route: `GET ${page}`, statuses: PUBLIC },
    { route: `GET ${page}/`, statuses: MOVED },
  ]),
];
