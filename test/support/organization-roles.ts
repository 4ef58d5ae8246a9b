import { beforeAll, describe, expect, it } from '@jest/globals';
import { ORGANIZATION_ROLES, type OrganizationRole } from '../../src/platform/access/memberships.js';
import type { Row } from './access-rows.js';
import { API_KEYS, createKey } from './api-keys.js';
import { CALLERS, type Target } from './callers.js';
import { FILES } from './forms.js';
import { newMember, newOrganization, ORGANIZATIONS, within } from './organizations.js';
import type { TestApp } from './test-app.js';
import type { TestClient } from './test-client.js';
import { expectNone } from './rules.js';
import { routeOf, type RunningRoute } from './running-routes.js';
import { newCredentials } from './users.js';
import { WEBHOOKS } from './webhooks.js';

/** Who asks in an organization: somebody who is not in it, and its members from the lowest role. */
const STANDINGS = ['stranger', ...ORGANIZATION_ROLES] as const;
type Standing = (typeof STANDINGS)[number];

/** What a route asks for in an organization, where it is not a viewer to read and a member for everything else. */
const LEAST: Readonly<Record<string, OrganizationRole>> = {
  'GET /api/v1/audit': 'admin',
  'GET /api/v1/audit/export': 'admin',
  [`POST ${API_KEYS}`]: 'admin',
  [`GET ${API_KEYS}`]: 'admin',
  [`DELETE ${API_KEYS}/:id`]: 'admin',
  [`POST ${FILES}/:id/links`]: 'viewer',
  [`POST ${WEBHOOKS}`]: 'admin',
  [`GET ${WEBHOOKS}`]: 'admin',
  [`GET ${WEBHOOKS}/:id`]: 'admin',
  [`PATCH ${WEBHOOKS}/:id`]: 'admin',
  [`DELETE ${WEBHOOKS}/:id`]: 'admin',
  [`POST ${WEBHOOKS}/:id/rotate`]: 'admin',
  [`GET ${WEBHOOKS}/:id/deliveries`]: 'admin',
  [`POST ${WEBHOOKS}/:id/deliveries/:deliveryId/retry`]: 'admin',
};

/** What each is answered to the request of a row, with the header: who may is answered like the owner of a record. */
function statusesInside({ route, statuses }: Row): Record<Standing, number> {
  const allowed = statuses[CALLERS.indexOf('owner')] ?? 0;
  const least = LEAST[route] ?? (route.startsWith('GET ') ? 'viewer' : 'member');
  const of = (standing: Standing, index: number): number => {
    // Who asks for the records of others is refused before anybody looks for an organization.
    if (allowed === 403) return 403;
    if (standing === 'stranger') return 404;
    return index > ORGANIZATION_ROLES.indexOf(least) ? allowed : 403;
  };
  return Object.fromEntries(STANDINGS.map((each, index) => [each, of(each, index)])) as never;
}

/** An organization with somebody of each role, whose own members act on its records. */
class Crew {
  private viewer: string | undefined;

  private constructor(
    readonly test: TestApp,
    readonly id: string,
    readonly members: Readonly<Record<Standing, TestClient>>,
  ) {}

  static async join(test: TestApp): Promise<Crew> {
    const [owner, stranger] = [await test.anonymous.signIn(), await test.anonymous.signIn()];
    const id = await newOrganization(owner);
    const member = (role: OrganizationRole) => newMember(test, owner, id, role);
    const [viewer, writer, admin] = [await member('viewer'), await member('member'), await member('admin')];
    return new Crew(test, id, { stranger, viewer, member: writer, admin, owner });
  }

  inside(standing: Standing): TestClient {
    return within(this.members[standing], this.id);
  }

  /** As what requests are about: what the organization has. */
  get target(): Target {
    const owner = this.inside('owner');
    const none = () => Promise.reject(new Error('Organizations have no identities, tokens and sessions'));
    return {
      owner,
      apiKey: async () => (await createKey(owner)).id,
      identity: none,
      foreignToken: none,
      session: none,
    };
  }

  /** A viewer whom nothing has happened to. */
  async untouched(): Promise<string> {
    return (this.viewer ??= (await newMember(this.test, this.members.owner, this.id, 'viewer')).userId);
  }

  /** Something has. */
  touched(): void {
    this.viewer = undefined;
  }

  async newInvitation(): Promise<string> {
    const invited = { email: newCredentials().email, role: 'viewer' };
    const { body } = await this.members.owner.post(`${ORGANIZATIONS}/${this.id}/invitations`, invited);
    return body.data.id as string;
  }
}

/** A request about the organization itself, and what each is answered. */
interface RoleRow {
  readonly route: string;
  readonly statuses: readonly [
    stranger: number,
    viewer: number,
    member: number,
    admin: number,
    owner: number,
  ];
  /** What stands in the place of the last parameter. */
  readonly last?: (crew: Crew) => Promise<string>;
  readonly body?: () => object;
}

const ONE = `${ORGANIZATIONS}/:id`;
const MANAGED = [404, 403, 403, 200, 200] as const;
const INVITED = [404, 403, 403, 201, 201] as const;
const OWNED = [404, 403, 403, 403, 200] as const;
const viewer = (crew: Crew) => crew.untouched();

/** The last row is the end of the organization. */
const ROLE_ROWS: readonly RoleRow[] = [
  { route: `GET ${ONE}`, statuses: [404, 200, 200, 200, 200] },
  { route: `PATCH ${ONE}`, statuses: OWNED, body: () => ({ name: 'Renamed' }) },
  { route: `GET ${ONE}/members`, statuses: [404, 200, 200, 200, 200] },
  {
    route: `PATCH ${ONE}/members/:userId`,
    statuses: MANAGED,
    last: viewer,
    body: () => ({ role: 'member' }),
  },
  { route: `PATCH ${ONE}/members/:userId`, statuses: OWNED, last: viewer, body: () => ({ role: 'owner' }) },
  { route: `DELETE ${ONE}/members/:userId`, statuses: MANAGED, last: viewer },
  {
    route: `POST ${ONE}/invitations`,
    statuses: INVITED,
    body: () => ({ email: newCredentials().email, role: 'admin' }),
  },
  {
    route: `POST ${ONE}/invitations`,
    statuses: [404, 403, 403, 403, 201],
    body: () => ({ email: newCredentials().email, role: 'owner' }),
  },
  { route: `GET ${ONE}/invitations`, statuses: MANAGED },
  {
    route: `DELETE ${ONE}/invitations/:invitationId`,
    statuses: MANAGED,
    last: (crew) => crew.newInvitation(),
  },
  { route: `DELETE ${ONE}`, statuses: [404, 403, 403, 403, 200] },
];

/** What the roles in an organization are answered: each route that works in one, and each about one itself. */
export function describeOrganizationRoles(
  matrix: readonly Row[],
  running: readonly RunningRoute[],
  cast: () => Promise<{ readonly test: TestApp; readonly admin: TestClient }>,
): void {
  const choosing = new Set(running.filter(({ chooses }) => chooses).map(routeOf));
  const inside = matrix.filter(({ route }) => choosing.has(route));

  describe('of the roles in an organization', () => {
    let crew: Crew;
    let admin: TestClient;
    beforeAll(async () => {
      const { test, admin: found } = await cast();
      admin = found;
      crew = await Crew.join(test);
    });

    it('has a row for each route about one', () => {
      const rows = new Set(ROLE_ROWS.map(({ route }) => route));
      const about = running.map(routeOf).filter((route) => route.includes(ONE));
      expectNone(
        about.filter((route) => !rows.has(route)),
        'Add a row for the route to ROLE_ROWS',
      );
      expectNone(
        Object.keys(LEAST).filter((route) => !choosing.has(route)),
        'Remove it from LEAST: there is no such route in an organization',
      );
    });

    it.each(inside)('$route', async (row) => {
      const { route, url, body } = row;
      const [method = '', path = ''] = route.split(' ');
      const expected = statusesInside(row);
      const answered: Partial<typeof expected> = {};
      for (const standing of STANDINGS) {
        const { target } = crew;
        const caller = crew.inside(standing);
        const makes = method !== 'GET' && expected[standing] < 300;
        const makers = { caller: makes ? caller : target.owner, admin };
        const address = (await url?.(target, makers)) ?? path;
        answered[standing] = (await caller.send(method, address, await body?.(target, makers))).status;
      }
      expect(answered).toEqual(expected);
    });

    it.each(ROLE_ROWS)('$route: $statuses', async ({ route, statuses, last, body }) => {
      const [method = '', path = ''] = route.split(' ');
      const answered: number[] = [];
      for (const standing of STANDINGS) {
        const address = path.replace(':id', crew.id).replace(/:\w+$/, (await last?.(crew)) ?? '');
        const { status } = await crew.members[standing].send(method, address, body?.());
        answered.push(status);
        if (method !== 'GET' && status < 300) crew.touched();
      }
      expect(answered).toEqual(statuses);
    });
  });
}
