import { PUBLIC, type Row, type Statuses } from './access-rows.js';
import { OAUTH, PAGE } from './oauth.js';
import { LOCALHOST, PASSKEY_LOGIN, PASSKEY_STEP_UP, PasskeyDevice, PASSKEYS } from './passkeys.js';

const NOWHERE: Statuses = [404, 404, 404, 404, 404, 404, 404, 404, 404, 404];
const NO_CODE: Statuses = [400, 400, 400, 400, 400, 400, 400, 400, 400, 400];
const NO_KEY: Statuses = [401, 401, 401, 401, 401, 401, 401, 401, 401, 401];
const BY_PEOPLE: Statuses = [401, 401, 401, 401, 200, 200, 200, 200, 403, 200];
const MADE_UP = 'x'.repeat(43);
const code = () => ({ code: MADE_UP, codeVerifier: MADE_UP });

/** The routes of sign-in with others and by passkeys, and what each caller gets. No provider is configured. */
export const SIGN_IN_ROWS: readonly Row[] = [
  { route: 'GET /api/v1/auth/providers', statuses: PUBLIC },
  { route: 'GET /console/ways-in', statuses: PUBLIC },
  // Without an Origin; console-session has the rest.
  { route: 'PUT /console/session', statuses: [403, 403, 403, 403, 403, 403, 403, 403, 403, 403] },
  {
    route: `POST ${OAUTH}/:provider`,
    url: () => `${OAUTH}/acme`,
    statuses: NOWHERE,
    body: () => ({ redirectTo: PAGE, codeChallenge: MADE_UP }),
  },
  { route: `GET ${OAUTH}/:provider/callback`, url: () => `${OAUTH}/acme/callback`, statuses: NOWHERE },
  { route: `POST ${OAUTH}/token`, statuses: NO_CODE, body: code },
  { route: `POST ${OAUTH}/link`, statuses: [401, 401, 401, 401, 400, 400, 400, 400, 403, 400], body: code },
  {
    route: `POST ${OAUTH}/step-up`,
    statuses: [401, 401, 401, 401, 400, 400, 400, 400, 403, 403],
    body: code,
  },
  { route: `POST ${PASSKEYS}/options`, statuses: BY_PEOPLE },
  {
    route: `POST ${PASSKEYS}`,
    statuses: [401, 401, 401, 401, 400, 400, 400, 400, 403, 400],
    body: () => ({ credential: {} }),
  },
  { route: `GET ${PASSKEYS}`, statuses: BY_PEOPLE },
  {
    route: `DELETE ${PASSKEYS}/:id`,
    url: async ({ owner }) => {
      const device = new PasskeyDevice();
      const { body } = await owner.post(PASSKEYS, { credential: await device.made(owner, LOCALHOST) });
      return `${PASSKEYS}/${String(body.data.id)}`;
    },
    statuses: [401, 401, 401, 401, 404, 200, 404, 404, 403, 404],
  },
  { route: `POST ${PASSKEY_LOGIN}/options`, statuses: PUBLIC },
  { route: `POST ${PASSKEY_LOGIN}`, statuses: NO_KEY, body: () => ({ credential: {} }) },
  {
    route: `POST ${PASSKEY_STEP_UP}`,
    statuses: [401, 401, 401, 401, 401, 401, 401, 401, 403, 403],
    body: () => ({ credential: {} }),
  },
];
