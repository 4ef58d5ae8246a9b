import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FEATURES } from './features/features.js';
import { PUBLIC, type Row, rowsOf, SIGNED_IN, type Statuses } from './support/access-rows.js';
import {
  CHANGE,
  CHANGE_EMAIL,
  CONFIRM_EMAIL,
  FORGOT,
  RESET,
  VERIFY,
  VERIFY_AGAIN,
} from './support/accounts.js';
import { API_KEYS } from './support/api-keys.js';
import { CALLERS, type CallerName, Callers, newTarget, type Target } from './support/callers.js';
import { CONSOLE_ROWS } from './support/console-rows.js';
import { FILE_ROWS } from './support/files.js';
import { describeOrganizationRoles } from './support/organization-roles.js';
import { ORGANIZATION_ROWS } from './support/organization-rows.js';
import { expectNone } from './support/rules.js';
import { routeOf, runningRoutes } from './support/running-routes.js';
import { OTP, STEP_UP } from './support/second-factor.js';
import { SIGN_IN_ROWS } from './support/sign-in-rows.js';
import { SupabaseProject } from './support/supabase.js';
import { IDENTITIES } from './support/supabase-clients.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import { PASSWORD } from './support/test-client.js';
import { WEBHOOK_ROWS } from './support/webhooks.js';
import { LOGIN, LOGOUT, ME, newCredentials, REFRESH, REGISTER, SESSIONS, USERS } from './support/users.js';

const EXECUTIONS = '/api/v1/executions';
/** As SIGNED_IN, but not by a program. */
const BY_PEOPLE: Statuses = [401, 401, 401, 401, 200, 200, 200, 200, 403, 200];
/** As BY_PEOPLE, with what they know beside their token. Who comes by Supabase has no password here. */
const BY_PASSWORD: Statuses = [401, 401, 401, 401, 200, 200, 200, 200, 403, 401];
/** Refused in the same way to everybody who may ask. */
const WRONG_CODE: Statuses = [401, 401, 401, 401, 401, 401, 401, 401, 403, 401];
const MOVED: Statuses = [308, 308, 308, 308, 308, 308, 308, 308, 308, 308];
const SCHEDULES = '/api/v1/schedules';
const NOTHING = '66f1a0c2e4b0a1b2c3d4e5f7';
const ABSENT: Statuses = [401, 401, 401, 401, 404, 404, 404, 404, 404, 404];
/** For who may read what belongs to others, or to nobody. */
const BY_READERS: Statuses = [401, 401, 401, 401, 403, 403, 200, 200, 403, 403];
/** The same for who may change it; there is nothing. */
const BY_ADMINS: Statuses = [401, 401, 401, 401, 403, 403, 403, 404, 403, 403];
const user = ({ owner }: Target) => `${USERS}/${owner.userId}`;

/** Every route, and what each caller gets. */
const MATRIX: readonly Row[] = [
  {
    route: `POST ${REGISTER}`,
    statuses: [201, 201, 201, 201, 201, 201, 201, 201, 201, 201],
    body: newCredentials,
  },
  {
    route: `POST ${LOGIN}`,
    statuses: [401, 401, 401, 401, 401, 401, 401, 401, 401, 401],
    body: () => ({ email: 'nobody@example.com', password: PASSWORD }),
  },
  { route: `POST ${OTP}/enable`, statuses: BY_PASSWORD, body: () => ({ password: PASSWORD }) },
  // Nobody has begun: the code is wrong for everybody.
  {
    route: `POST ${OTP}/confirm`,
    statuses: WRONG_CODE,
    body: () => ({ otp: '123456' }),
  },
  {
    route: `POST ${OTP}/disable`,
    statuses: WRONG_CODE,
    body: () => ({ password: 'wrong password', otp: '123456' }),
  },
  { route: `GET ${ME}`, statuses: SIGNED_IN },
  {
    route: `POST ${REFRESH}`,
    statuses: [401, 401, 401, 401, 401, 401, 401, 401, 401, 401],
    body: () => ({ refreshToken: 'fvr_made-up' }),
  },
  // A session is ended; a program has none, and that of Supabase is not ours.
  { route: `POST ${LOGOUT}`, statuses: [401, 401, 401, 401, 200, 200, 200, 200, 403, 403] },
  // What each caller gets of an execution that is there is told in executions-http.e2e-spec.ts.
  { route: `GET ${EXECUTIONS}`, statuses: SIGNED_IN },
  { route: `GET ${EXECUTIONS}`, url: () => `${EXECUTIONS}?owner=all`, statuses: BY_READERS },
  { route: `GET ${EXECUTIONS}/:id`, url: () => `${EXECUTIONS}/${NOTHING}`, statuses: ABSENT },
  { route: `GET ${EXECUTIONS}/:id/events`, url: () => `${EXECUTIONS}/${NOTHING}/events`, statuses: ABSENT },
  { route: `POST ${EXECUTIONS}/:id/cancel`, url: () => `${EXECUTIONS}/${NOTHING}/cancel`, statuses: ABSENT },
  { route: `POST ${EXECUTIONS}/:id/retry`, url: () => `${EXECUTIONS}/${NOTHING}/retry`, statuses: ABSENT },
  {
    route: `POST ${EXECUTIONS}/:id/steps/:name/resolve`,
    url: () => `${EXECUTIONS}/${NOTHING}/steps/pay/resolve`,
    body: () => ({ outcome: 'again' }),
    statuses: ABSENT,
  },
  {
    route: `POST ${EXECUTIONS}/:id/signals/:name`,
    url: () => `${EXECUTIONS}/${NOTHING}/signals/word`,
    body: () => ({}),
    statuses: ABSENT,
  },
  { route: `GET ${SCHEDULES}`, statuses: BY_READERS },
  { route: `POST ${SCHEDULES}/:id/run`, url: () => `${SCHEDULES}/${NOTHING}/run`, statuses: BY_ADMINS },
  ...FILE_ROWS,
  ...WEBHOOK_ROWS,
  { route: `GET ${SESSIONS}`, statuses: BY_PEOPLE },
  {
    route: `DELETE ${SESSIONS}/:id`,
    url: async ({ session }) => `${SESSIONS}/${await session()}`,
    statuses: [401, 401, 401, 401, 404, 200, 404, 404, 403, 404],
  },
  {
    route: `POST ${CHANGE}`,
    statuses: BY_PASSWORD,
    body: () => ({ currentPassword: PASSWORD, newPassword: PASSWORD }),
  },
  {
    route: `POST ${FORGOT}`,
    statuses: [202, 202, 202, 202, 202, 202, 202, 202, 202, 202],
    body: () => ({ email: 'nobody@example.com' }),
  },
  {
    route: `POST ${RESET}`,
    statuses: [400, 400, 400, 400, 400, 400, 400, 400, 400, 400],
    body: () => ({ token: 'made-up', newPassword: PASSWORD }),
  },
  {
    route: `POST ${VERIFY}`,
    statuses: [400, 400, 400, 400, 400, 400, 400, 400, 400, 400],
    body: () => ({ token: 'made-up' }),
  },
  { route: `POST ${VERIFY_AGAIN}`, statuses: [401, 401, 401, 401, 202, 202, 202, 202, 403, 202] },

  // Who comes by Supabase has no session of ours to prove anything in.
  {
    route: `POST ${STEP_UP}`,
    statuses: [401, 401, 401, 401, 200, 200, 200, 200, 403, 403],
    body: () => ({ password: PASSWORD }),
  },
  {
    route: `POST ${CHANGE_EMAIL}`,
    statuses: [401, 401, 401, 401, 202, 202, 202, 202, 403, 202],
    body: () => ({ email: newCredentials().email }),
  },
  {
    route: `POST ${CONFIRM_EMAIL}`,
    statuses: [400, 400, 400, 400, 400, 400, 400, 400, 400, 400],
    body: () => ({ token: 'made-up' }),
  },

  {
    route: `POST ${API_KEYS}`,
    statuses: [401, 401, 401, 401, 201, 201, 201, 201, 403, 201],
    body: () => ({ name: 'Program' }),
  },
  { route: `GET ${API_KEYS}`, statuses: BY_PEOPLE },
  {
    route: `DELETE ${API_KEYS}/:id`,
    url: async ({ apiKey }) => `${API_KEYS}/${await apiKey()}`,
    statuses: [401, 401, 401, 401, 404, 200, 404, 404, 403, 404],
  },
  {
    route: `POST ${IDENTITIES}`,
    statuses: [401, 401, 401, 401, 201, 201, 201, 201, 403, 201],
    body: async ({ foreignToken }) => ({ accessToken: await foreignToken() }),
  },
  { route: `GET ${IDENTITIES}`, statuses: BY_PEOPLE },
  {
    route: `DELETE ${IDENTITIES}/:id`,
    url: async ({ identity }) => `${IDENTITIES}/${await identity()}`,
    statuses: [401, 401, 401, 401, 404, 200, 404, 404, 403, 404],
  },

  ...SIGN_IN_ROWS,
  ...FEATURES.flatMap(rowsOf),

  ...ORGANIZATION_ROWS,

  {
    route: `POST ${USERS}`,
    statuses: [401, 401, 401, 401, 403, 403, 403, 201, 403, 403],
    body: () => ({ ...newCredentials(), name: 'New' }),
  },
  { route: `GET ${USERS}`, statuses: [401, 401, 401, 401, 403, 403, 200, 200, 403, 403] },
  { route: `GET ${USERS}/:id`, url: user, statuses: [401, 401, 401, 401, 404, 200, 200, 200, 404, 404] },
  {
    route: `PATCH ${USERS}/:id`,
    url: user,
    statuses: [401, 401, 401, 401, 404, 200, 404, 200, 404, 404],
    body: () => ({ name: 'Other' }),
  },
  {
    route: `PATCH ${USERS}/:id`,
    url: user,
    statuses: [401, 401, 401, 401, 403, 403, 403, 200, 403, 403],
    body: () => ({ role: 'admin' }),
  },
  { route: `DELETE ${USERS}/:id`, url: user, statuses: [401, 401, 401, 401, 403, 403, 403, 200, 403, 403] },
  {
    route: `POST ${USERS}/:id/delete`,
    url: (target) => `${user(target)}/delete`,
    statuses: [401, 401, 401, 401, 404, 200, 404, 404, 403, 404],
    body: () => ({ password: PASSWORD }),
  },

  { route: 'GET /health', statuses: PUBLIC },
  { route: 'GET /health/live', statuses: PUBLIC },
  { route: 'GET /health/ready', statuses: PUBLIC },
  // Outside production and from the machine itself; http-operations has the rest.
  { route: 'GET /metrics', statuses: PUBLIC },
  { route: 'GET /', statuses: [302, 302, 302, 302, 302, 302, 302, 302, 302, 302] },
  ...CONSOLE_ROWS,
  { route: 'GET /docs', statuses: PUBLIC },
  { route: 'GET /docs/json', statuses: PUBLIC },
  { route: 'GET /docs/v:version/json', url: () => '/docs/v1/json', statuses: PUBLIC },
  { route: 'GET /docs/', statuses: MOVED },
  { route: 'GET /docs/files/:version/:file', url: () => '/docs/files/x/page.css', statuses: PUBLIC },
];

const running = await runningRoutes();

describe('the authorisation matrix', () => {
  let test: TestApp;
  let supabase: SupabaseProject;
  let callers: Callers;
  let asked = 0;

  beforeAll(async () => {
    supabase = await SupabaseProject.start();
    test = await createTestApp(supabase.env);
    callers = new Callers(test, supabase);
  });
  afterAll(async () => {
    await test.close();
    await supabase.close();
  });

  it('has a row for every route', () => {
    const rows = new Set(MATRIX.map(({ route }) => route));
    const routes = running.map(routeOf);
    expectNone(
      routes.filter((route) => !rows.has(route)),
      'Add a row for the route to MATRIX, or the table of its feature to test/features',
    );
    expectNone(
      [...rows].filter((route) => !routes.includes(route)),
      'Remove the row: there is no such route',
    );
  });

  it.each(MATRIX)('$route: $statuses', async ({ route, statuses, url, body }) => {
    const [method = '', path = ''] = route.split(' ');
    const answered: Partial<Record<CallerName, number>> = {};
    const { admin, ...others } = await callers.all();
    let target: Target | undefined;
    for (const [index, name] of CALLERS.entries()) {
      target ??= await newTarget(test, supabase);
      const caller = name === 'owner' ? target.owner : { admin, ...others }[name];
      // Each from an address of its own: wrong codes and passwords are counted for it.
      const asking = path.startsWith('/api') ? caller.from(`198.51.100.${asked++ % 256}`) : caller;
      const makers = { caller: statuses[index] === 401 ? target.owner : caller, admin };
      const address = (await url?.(target, makers)) ?? path;
      const { status } = await asking.send(method, address, await body?.(target, makers));
      answered[name] = status;
      // What is refused, or only read, leaves it as it was.
      if (method !== 'GET' && status < 300) target = undefined;
    }
    expect(answered).toEqual(Object.fromEntries(CALLERS.map((name, index) => [name, statuses[index]])));
  });

  describeOrganizationRoles(MATRIX, running, async () => ({ test, admin: (await callers.all()).admin }));
});
