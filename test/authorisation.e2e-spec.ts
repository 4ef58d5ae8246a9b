import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createSigner } from 'fast-jwt';
import { CHANGE, FORGOT, RESET, VERIFY, VERIFY_AGAIN } from './support/accounts.js';
import { createProject, type ProjectJson, PROJECTS } from './support/projects.js';
import { runningRoutes } from './support/running-routes.js';
import { OTP } from './support/second-factor.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import { PASSWORD, type TestClient } from './support/test-client.js';
import {
  LOGIN,
  LOGOUT,
  ME,
  newCredentials,
  REFRESH,
  register,
  REGISTER,
  SESSIONS,
  USERS,
} from './support/users.js';

/** Who asks. `owner` is the user whom the request is about, or whose project it is; `user` is another one. */
const CALLERS = [
  'anonymous',
  'expired',
  'revoked',
  'disabled',
  'user',
  'owner',
  'moderator',
  'admin',
] as const;
type CallerName = (typeof CALLERS)[number];
/** A status for each caller, in their order. */
type Statuses = readonly [number, number, number, number, number, number, number, number];

/** Whom a request is about: made anew for each, since some requests leave nothing. */
interface Target {
  readonly owner: TestClient;
  readonly project: ProjectJson;
  /** A session of the owner, other than the one that asks. */
  readonly session: string;
}

interface Row {
  /** Method and path, as the router knows them. */
  readonly route: string;
  readonly statuses: Statuses;
  readonly url?: (target: Target) => string;
  readonly body?: () => object;
}

const PUBLIC: Statuses = [200, 200, 200, 200, 200, 200, 200, 200];
const SIGNED_IN: Statuses = [401, 401, 401, 401, 200, 200, 200, 200];
const project = ({ project: { id } }: Target) => `${PROJECTS}/${id}`;
const user = ({ owner }: Target) => `${USERS}/${owner.userId}`;
const named = () => ({ name: `Project ${Math.random()}` });

/** Every route, and what each caller gets. */
const MATRIX: readonly Row[] = [
  { route: `POST ${REGISTER}`, statuses: [201, 201, 201, 201, 201, 201, 201, 201], body: newCredentials },
  {
    route: `POST ${LOGIN}`,
    statuses: [401, 401, 401, 401, 401, 401, 401, 401],
    body: () => ({ email: 'nobody@example.com', password: PASSWORD }),
  },
  { route: `POST ${OTP}/enable`, statuses: SIGNED_IN, body: () => ({ password: PASSWORD }) },
  // Nobody has begun: the code is wrong for everybody.
  {
    route: `POST ${OTP}/confirm`,
    statuses: [401, 401, 401, 401, 401, 401, 401, 401],
    body: () => ({ otp: '123456' }),
  },
  {
    route: `POST ${OTP}/disable`,
    statuses: [401, 401, 401, 401, 401, 401, 401, 401],
    body: () => ({ password: 'wrong password', otp: '123456' }),
  },
  { route: `GET ${ME}`, statuses: SIGNED_IN },
  {
    route: `POST ${REFRESH}`,
    statuses: [401, 401, 401, 401, 401, 401, 401, 401],
    body: () => ({ refreshToken: 'fvr_made-up' }),
  },
  { route: `POST ${LOGOUT}`, statuses: SIGNED_IN },
  { route: `GET ${SESSIONS}`, statuses: SIGNED_IN },
  {
    route: `DELETE ${SESSIONS}/:id`,
    url: ({ session }) => `${SESSIONS}/${session}`,
    statuses: [401, 401, 401, 401, 404, 200, 404, 404],
  },

  {
    route: `POST ${CHANGE}`,
    statuses: SIGNED_IN,
    body: () => ({ currentPassword: PASSWORD, newPassword: PASSWORD }),
  },
  {
    route: `POST ${FORGOT}`,
    statuses: [202, 202, 202, 202, 202, 202, 202, 202],
    body: () => ({ email: 'nobody@example.com' }),
  },
  {
    route: `POST ${RESET}`,
    statuses: [400, 400, 400, 400, 400, 400, 400, 400],
    body: () => ({ token: 'made-up', newPassword: PASSWORD }),
  },
  {
    route: `POST ${VERIFY}`,
    statuses: [400, 400, 400, 400, 400, 400, 400, 400],
    body: () => ({ token: 'made-up' }),
  },
  { route: `POST ${VERIFY_AGAIN}`, statuses: [401, 401, 401, 401, 202, 202, 202, 202] },

  { route: `POST ${PROJECTS}`, statuses: [401, 401, 401, 401, 201, 201, 201, 201], body: named },
  { route: `GET ${PROJECTS}`, statuses: SIGNED_IN },
  {
    route: `GET ${PROJECTS}`,
    url: ({ owner }) => `${PROJECTS}?owner=${owner.userId}`,
    statuses: [401, 401, 401, 401, 403, 403, 200, 200],
  },
  {
    route: `GET ${PROJECTS}`,
    url: () => `${PROJECTS}?owner=all`,
    statuses: [401, 401, 401, 401, 403, 403, 200, 200],
  },
  { route: `GET ${PROJECTS}/:id`, url: project, statuses: [401, 401, 401, 401, 404, 200, 200, 200] },
  {
    route: `PUT ${PROJECTS}/:id`,
    url: project,
    statuses: [401, 401, 401, 401, 404, 200, 404, 200],
    body: named,
  },
  {
    route: `PATCH ${PROJECTS}/:id`,
    url: project,
    statuses: [401, 401, 401, 401, 404, 200, 404, 200],
    body: named,
  },
  { route: `DELETE ${PROJECTS}/:id`, url: project, statuses: [401, 401, 401, 401, 404, 200, 404, 200] },

  {
    route: `POST ${USERS}`,
    statuses: [401, 401, 401, 401, 403, 403, 403, 201],
    body: () => ({ ...newCredentials(), name: 'New' }),
  },
  { route: `GET ${USERS}`, statuses: [401, 401, 401, 401, 403, 403, 200, 200] },
  { route: `GET ${USERS}/:id`, url: user, statuses: [401, 401, 401, 401, 404, 200, 200, 200] },
  {
    route: `PATCH ${USERS}/:id`,
    url: user,
    statuses: [401, 401, 401, 401, 404, 200, 404, 200],
    body: () => ({ name: 'Other' }),
  },
  {
    route: `PATCH ${USERS}/:id`,
    url: user,
    statuses: [401, 401, 401, 401, 403, 403, 403, 200],
    body: () => ({ role: 'admin' }),
  },
  { route: `DELETE ${USERS}/:id`, url: user, statuses: [401, 401, 401, 401, 403, 403, 403, 200] },
  {
    route: `POST ${USERS}/:id/delete`,
    url: (target) => `${user(target)}/delete`,
    statuses: [401, 401, 401, 401, 404, 200, 404, 404],
    body: () => ({ password: PASSWORD }),
  },

  { route: 'GET /health', statuses: PUBLIC },
  { route: 'GET /health/live', statuses: PUBLIC },
  { route: 'GET /health/ready', statuses: PUBLIC },
  // Outside production and from the machine itself; http-operations has the rest.
  { route: 'GET /metrics', statuses: PUBLIC },
  { route: 'GET /docs', statuses: PUBLIC },
  { route: 'GET /docs/json', statuses: PUBLIC },
  { route: 'GET /docs/page.css', statuses: PUBLIC },
  { route: 'GET /docs/page.js', statuses: PUBLIC },
  { route: 'GET /docs/swagger-ui.css', statuses: PUBLIC },
  { route: 'GET /docs/swagger-ui-bundle.js', statuses: PUBLIC },
  { route: 'GET /docs/favicon-32x32.png', statuses: PUBLIC },
];

describe('the authorisation matrix', () => {
  let test: TestApp;
  let asked = 0;

  beforeAll(async () => {
    test = await createTestApp();
  });
  afterAll(() => test.close());

  it('has a row for every route', async () => {
    const isOurs = (route: string) => !route.startsWith('GET /docs');
    const rows = new Set(MATRIX.map(({ route }) => route).filter(isOurs));
    const running = (await runningRoutes()).map(({ method, url }) => `${method} ${url}`);
    expect([...rows].toSorted()).toEqual([...new Set(running)].toSorted());
  });

  it.each(MATRIX)('$route: $statuses', async ({ route, statuses, url, body }) => {
    const [method = '', path = ''] = route.split(' ');
    const answered: Partial<Record<CallerName, number>> = {};
    const callers = await newCallers(test);
    for (const name of CALLERS) {
      const credentials = await register(test.anonymous);
      const owner = await test.anonymous.signInAs(credentials);
      const other = await test.anonymous.signInAs(credentials);
      const target = { owner, project: await createProject(owner), session: other.sessionId };
      const caller = name === 'owner' ? owner : callers[name];
      // Each from an address of its own: wrong codes and passwords are counted for it.
      const asking = path.startsWith('/api') ? caller.from(`198.51.100.${asked++ % 256}`) : caller;
      const { status } = await asking.send(method, url?.(target) ?? path, body?.());
      answered[name] = status;
    }
    expect(answered).toEqual(Object.fromEntries(CALLERS.map((name, index) => [name, statuses[index]])));
  });
});

/** Anew for each route: what they ask may end their session. */
async function newCallers({
  anonymous,
  config,
}: TestApp): Promise<Record<Exclude<CallerName, 'owner'>, TestClient>> {
  const [admin, moderator, somebody, expired, revoked, disabled] = await Promise.all([
    anonymous.signIn('admin'),
    anonymous.signIn('moderator'),
    anonymous.signIn(),
    anonymous.signIn('admin'),
    anonymous.signIn('admin'),
    anonymous.signIn('admin'),
  ]);
  const sign = createSigner({ key: config.jwtSecret, iss: 'flowversal', aud: 'flowversal-api' });
  const now = Math.floor(Date.now() / 1000);
  const token = sign({ sub: expired.userId, sid: expired.sessionId, iat: now - 3601, exp: now - 1 });
  await admin.patch(`${USERS}/${disabled.userId}`, { disabled: true });
  await revoked.delete(`${SESSIONS}/${revoked.sessionId}`);
  return {
    anonymous,
    expired: expired.with({ authorization: `Bearer ${token}` }),
    revoked,
    disabled,
    user: somebody,
    moderator,
    admin,
  };
}
