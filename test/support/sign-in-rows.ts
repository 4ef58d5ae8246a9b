import { PUBLIC, type Row, type Statuses } from './access-rows.js';
import { OAUTH, PAGE } from './oauth.js';

const NOWHERE: Statuses = [404, 404, 404, 404, 404, 404, 404, 404, 404, 404];
const NO_CODE: Statuses = [400, 400, 400, 400, 400, 400, 400, 400, 400, 400];
const MADE_UP = 'x'.repeat(43);
const code = () => ({ code: MADE_UP, codeVerifier: MADE_UP });

/** The routes of sign-in with others, and what each caller gets. No provider is configured. */
export const SIGN_IN_ROWS: readonly Row[] = [
  { route: 'GET /api/v1/auth/providers', statuses: PUBLIC },
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
];
