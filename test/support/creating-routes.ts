import { randomUUID } from 'node:crypto';
import { decodeJwt } from 'jose';
import type { Connection } from 'mongoose';
import { API_KEYS } from './api-keys.js';
import { PROJECTS } from './projects.js';
import type { SupabaseProject } from './supabase.js';
import { IDENTITIES } from './supabase-clients.js';
import type { TestApp } from './test-app.js';
import type { TestClient } from './test-client.js';
import { newAddress, newCredentials, REGISTER, USERS } from './users.js';

/** A route that creates a record, and how to see what came of it. */
export interface CreatingRoute {
  readonly url: string;
  /** Somebody who may use it. */
  readonly caller: (test: TestApp) => Promise<TestClient>;
  /** A body that is accepted once. */
  readonly body: (supabase: SupabaseProject) => Promise<Body>;
  readonly collection: string;
  /** Which record of the collection a body has created. */
  readonly created: (body: Body) => Record<string, unknown>;
}

type Body = Readonly<Record<string, unknown>>;

const named = () => Promise.resolve({ name: randomUUID() });
const byName = ({ name }: Body) => ({ name });
const byEmail = ({ email }: Body) => ({ email });

/** Every route that answers 201, by its address. A test fails when the product has another one. */
export const CREATING_ROUTES: readonly CreatingRoute[] = [
  {
    url: REGISTER,
    caller: ({ anonymous }) => Promise.resolve(anonymous.from(newAddress())),
    body: () => Promise.resolve({ ...newCredentials() }),
    collection: 'users',
    created: byEmail,
  },
  {
    url: USERS,
    caller: ({ anonymous }) => anonymous.signIn('admin'),
    body: () => Promise.resolve({ ...newCredentials(), name: 'Ada' }),
    collection: 'users',
    created: byEmail,
  },
  {
    url: PROJECTS,
    caller: ({ anonymous }) => anonymous.signIn(),
    body: () => Promise.resolve({ name: randomUUID(), metadata: { colour: 'blue' } }),
    collection: 'projects',
    created: byName,
  },
  {
    url: API_KEYS,
    caller: ({ anonymous }) => anonymous.signIn(),
    body: named,
    collection: 'api_keys',
    created: byName,
  },
  {
    url: IDENTITIES,
    caller: ({ anonymous }) => anonymous.signIn(),
    body: async (supabase) => ({ accessToken: await supabase.token(supabase.person()) }),
    collection: 'identities',
    created: ({ accessToken }) => ({ subject: decodeJwt(String(accessToken)).sub }),
  },
];

/** How many records a body has created. */
export function countCreated(
  connection: Connection,
  { collection, created }: CreatingRoute,
  body: Body,
): Promise<number> {
  return connection.collection(collection).countDocuments(created(body));
}
