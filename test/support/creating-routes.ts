import { randomUUID } from 'node:crypto';
import { decodeJwt } from 'jose';
import { type Connection, Types } from 'mongoose';
import { FEATURES } from '../features/features.js';
import { API_KEYS } from './api-keys.js';
import type { Feature } from './feature.js';
import { type Body, fieldsOf, full, type Sender } from './feature-bodies.js';
import { FILES } from './forms.js';
import { newOrganization, ORGANIZATIONS } from './organizations.js';
import { LOCALHOST, PasskeyDevice, PASSKEYS } from './passkeys.js';
import type { SupabaseProject } from './supabase.js';
import { IDENTITIES } from './supabase-clients.js';
import type { TestApp } from './test-app.js';
import type { TestClient } from './test-client.js';
import { newAddress, newCredentials, REGISTER, USERS } from './users.js';
import { WEBHOOKS } from './webhooks.js';

/** A route that creates a record, and how to see what came of it. */
export interface CreatingRoute {
  readonly url: string;
  /** Where it is sent, where the address names a record. */
  readonly address?: (caller: TestClient) => Promise<string>;
  /** Routes of one kind create in the same way. */
  readonly kind: string;
  /** Somebody who may use it. */
  readonly caller: (test: TestApp) => Promise<TestClient>;
  /** A body that is accepted once from this caller. */
  readonly body: (supabase: SupabaseProject, caller: Sender) => Promise<Body>;
  readonly collection: string;
  /** Which record of the collection a body has created. */
  readonly created: (body: Body) => Record<string, unknown>;
}

const named = () => Promise.resolve({ name: randomUUID() });
const byName = ({ name }: Body) => ({ name });
const byEmail = ({ email }: Body) => ({ email });

/** What is stored of a body, as far as it can be looked for: what is encrypted cannot. */
function storedOf(feature: Feature, body: Body): Body {
  const plain = fieldsOf(feature).filter(
    ([, field]) => field.ref !== undefined || !(field.encrypted || field.exact || field.server),
  );
  const stored = (value: unknown, ref?: string): unknown => {
    if (Array.isArray(value)) return value.map((each) => stored(each));
    if (typeof value !== 'string') return value;
    if (ref !== undefined) return new Types.ObjectId(value);
    return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? new Date(value) : value;
  };
  return Object.fromEntries(plain.map(([name, { ref }]) => [name, stored(body[name], ref)]));
}

/** The route of a feature. An administrator may create whatever a body refers to. */
function creatingRouteOf(feature: Feature): CreatingRoute {
  const hasReferences = fieldsOf(feature).some(([, { ref }]) => ref !== undefined);
  return {
    url: feature.path,
    kind: `${feature.shared ? 'shared' : 'owned'} records${hasReferences ? ' that refer to others' : ''}`,
    caller: ({ anonymous }) => anonymous.signIn('admin'),
    body: (_, caller) => full(feature, { caller, admin: caller }),
    collection: feature.collection,
    created: (body) => storedOf(feature, body),
  };
}

const ACCOUNT_ROUTES: readonly Omit<CreatingRoute, 'kind'>[] = [
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
    url: API_KEYS,
    caller: ({ anonymous }) => anonymous.signIn(),
    body: named,
    collection: 'api_keys',
    created: byName,
  },
  {
    url: PASSKEYS,
    caller: ({ anonymous }) => anonymous.signIn(),
    body: async (_, caller) => ({ credential: await new PasskeyDevice().made(caller, LOCALHOST) }),
    collection: 'passkeys',
    created: ({ credential }) => ({ credentialId: (credential as { id: string }).id }),
  },
  {
    url: IDENTITIES,
    caller: ({ anonymous }) => anonymous.signIn(),
    body: async (supabase) => ({ accessToken: await supabase.token(supabase.person()) }),
    collection: 'identities',
    created: ({ accessToken }) => ({ subject: decodeJwt(String(accessToken)).sub }),
  },
  {
    url: `${FILES}/uploads`,
    caller: ({ anonymous }) => anonymous.signIn(),
    body: () => Promise.resolve({ name: randomUUID(), type: 'text/plain', size: 4 }),
    collection: 'files',
    created: byName,
  },
  {
    url: WEBHOOKS,
    caller: ({ anonymous }) => anonymous.signIn(),
    // An address without a name, which nobody has to look up.
    body: () => Promise.resolve({ url: `https://1.1.1.1/${randomUUID()}`, events: ['users.signed-in'] }),
    collection: 'webhooks',
    created: ({ url }) => ({ url }),
  },
];

/** They create in the same way. */
const ORGANIZATION_ROUTES: readonly CreatingRoute[] = [
  {
    url: ORGANIZATIONS,
    kind: ORGANIZATIONS,
    caller: ({ anonymous }) => anonymous.signIn(),
    body: named,
    collection: 'organizations',
    created: byName,
  },
  {
    url: `${ORGANIZATIONS}/{id}/invitations`,
    kind: ORGANIZATIONS,
    address: async (caller) => `${ORGANIZATIONS}/${await newOrganization(caller)}/invitations`,
    caller: ({ anonymous }) => anonymous.signIn(),
    body: () => Promise.resolve({ email: newCredentials().email, role: 'member' }),
    collection: 'organization_invitations',
    created: byEmail,
  },
];

/** Every route that answers 201, by its address. A test fails when the product has another one. */
export const CREATING_ROUTES: readonly CreatingRoute[] = [
  ...ACCOUNT_ROUTES.map((route) => ({ ...route, kind: route.url })),
  ...ORGANIZATION_ROUTES,
  ...FEATURES.map(creatingRouteOf),
];

/** One route of each kind, for what takes long: there may be many features, and they create in the same way. */
export const KINDS_OF_CREATING: readonly CreatingRoute[] = [
  ...new Map(CREATING_ROUTES.toReversed().map((route) => [route.kind, route])).values(),
];

/** How many records a body has created. */
export function countCreated(
  connection: Connection,
  { collection, created }: CreatingRoute,
  body: Body,
): Promise<number> {
  return connection.collection(collection).countDocuments(created(body));
}
