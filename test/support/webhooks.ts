import type { Row, Statuses } from './access-rows.js';
import { EngineLab } from './executions.js';
import { eventually } from './mails.js';
import { PAPERS } from './papers.js';
import { type Received, Receiver } from './receiver.js';
import type { TestApp } from './test-app.js';
import type { TestClient } from './test-client.js';

export const WEBHOOKS = '/api/v1/webhooks';

const NOTHING = `${WEBHOOKS}/66f1a0c2e4b0a1b2c3d4e5f7`;
const ANSWERED: Statuses = [401, 401, 401, 401, 200, 200, 200, 200, 200, 200];
const CREATED: Statuses = [401, 401, 401, 401, 201, 201, 201, 201, 201, 201];
const ABSENT: Statuses = [401, 401, 401, 401, 404, 404, 404, 404, 404, 404];

/** What each caller gets of webhooks and the audit. Of a webhook that is there webhooks.e2e-spec.ts tells it. */
export const WEBHOOK_ROWS: readonly Row[] = [
  { route: 'GET /api/v1/audit', statuses: ANSWERED },
  { route: 'GET /api/v1/audit/export', statuses: ANSWERED },
  {
    route: `POST ${WEBHOOKS}`,
    body: () => ({ url: 'https://93.184.215.14/', events: ['users.signed-in'] }),
    statuses: CREATED,
  },
  { route: `GET ${WEBHOOKS}`, statuses: ANSWERED },
  { route: `GET ${WEBHOOKS}/:id`, url: () => NOTHING, statuses: ABSENT },
  { route: `PATCH ${WEBHOOKS}/:id`, url: () => NOTHING, body: () => ({}), statuses: ABSENT },
  { route: `DELETE ${WEBHOOKS}/:id`, url: () => NOTHING, statuses: ABSENT },
  { route: `POST ${WEBHOOKS}/:id/rotate`, url: () => `${NOTHING}/rotate`, statuses: ABSENT },
  { route: `GET ${WEBHOOKS}/:id/deliveries`, url: () => `${NOTHING}/deliveries`, statuses: ABSENT },
  {
    route: `POST ${WEBHOOKS}/:id/deliveries/:deliveryId/retry`,
    url: () => `${NOTHING}/deliveries/66f1a0c2e4b0a1b2c3d4e5f7/retry`,
    statuses: ABSENT,
  },
];

export interface Hook {
  readonly id: string;
  readonly secret: string;
  readonly path: string;
}

export interface Delivery {
  readonly id: string;
  readonly eventId: string;
  readonly event: string;
  readonly status: string;
  readonly attempts: number;
  readonly nextAttemptAt: string | null;
  readonly responseStatus: number | null;
  readonly responseBody: string | null;
  readonly error: string | null;
}

/** An application with webhooks, whoever receives them, and who owns them. */
export class HookLab {
  readonly engine: EngineLab;
  private paths = 0;

  constructor(
    test: TestApp,
    readonly receiver: Receiver,
    readonly owner: TestClient,
  ) {
    this.engine = EngineLab.of(test);
  }

  async newHook(client = this.owner, events: readonly string[] = ['papers.*']): Promise<Hook> {
    const path = `/hook-${++this.paths}`;
    const { status, body, text } = await client.post(WEBHOOKS, { url: this.receiver.at(path), events });
    if (status !== 201) throw new Error(text);
    return { ...(body.data as { id: string; secret: string }), path };
  }

  async newPaper(client = this.owner, title = 'Ships'): Promise<string> {
    const { body } = await client.post(PAPERS, { title });
    return body.data.id as string;
  }

  async deliveriesOf({ id }: Hook, client = this.owner): Promise<Delivery[]> {
    const { body } = await client.get(`${WEBHOOKS}/${id}/deliveries?limit=100`);
    return body.data as Delivery[];
  }

  arrived({ path }: Hook, count: number): Promise<Received[]> {
    return eventually(() => this.receiver.of(path).length >= count && this.receiver.of(path));
  }

  async statusOf({ id }: Hook): Promise<string> {
    return (await this.owner.get(`${WEBHOOKS}/${id}`)).body.data.status as string;
  }

  /** Removes the webhooks of the owner. */
  async removeAll(): Promise<void> {
    const { body } = await this.owner.get(`${WEBHOOKS}?limit=100`);
    for (const { id } of body.data as Hook[]) await this.owner.delete(`${WEBHOOKS}/${id}`);
  }

  /** Its deliveries, once all have arrived. */
  allDelivered(hook: Hook): Promise<Delivery[]> {
    return eventually(async () => {
      const all = await this.deliveriesOf(hook);
      return all.every(({ status }) => status === 'delivered') && all;
    });
  }
}
