import { createSigner } from 'fast-jwt';
import { CryptoConfig } from '../../src/platform/crypto/crypto.config.js';
import { createKey, withKey } from './api-keys.js';
import type { SupabaseProject } from './supabase.js';
import { IDENTITIES, signedInAt } from './supabase-clients.js';
import type { TestApp } from './test-app.js';
import type { TestClient } from './test-client.js';
import { ME, registerVerified, SESSIONS, USERS } from './users.js';
import { PRODUCT } from '../../src/product/product.js';

/** Who asks. `owner` is the user whom the request is about, or whose record it is; `user` and the last two are others. */
export const CALLERS = [
  'anonymous',
  'expired',
  'revoked',
  'disabled',
  'user',
  'owner',
  'moderator',
  'admin',
  'API key',
  'Supabase user',
] as const;
export type CallerName = (typeof CALLERS)[number];

/** Whom a request is about. What it has is made when asked for. */
export interface Target {
  readonly owner: TestClient;
  /** An API key of the owner, by id. */
  apiKey(): Promise<string>;
  /** An identity of the owner, by id. */
  identity(): Promise<string>;
  /** A token of Supabase whose bearer nobody knows yet. */
  foreignToken(): Promise<string>;
  /** A session of the owner, other than the one that asks. */
  session(): Promise<string>;
}

export async function newTarget(test: TestApp, supabase: SupabaseProject): Promise<Target> {
  const credentials = await registerVerified(test);
  const owner = await test.anonymous.signInAs(credentials);
  const foreignToken = () => supabase.token(supabase.person());
  return {
    owner,
    apiKey: async () => (await createKey(owner)).id,
    identity: async () => {
      const { body } = await owner.post(IDENTITIES, { accessToken: await foreignToken() });
      return String(body.data.id);
    },
    foreignToken,
    session: async () => (await test.anonymous.signInAs(credentials)).sessionId,
  };
}

type Others = Record<Exclude<CallerName, 'owner'>, TestClient>;

/** Everybody but the owner, signed in once and again when a request has ended what they sign in with. */
export class Callers {
  private present: Others | undefined;

  constructor(
    private readonly test: TestApp,
    private readonly supabase: SupabaseProject,
  ) {}

  async all(): Promise<Others> {
    const signedIn = ['user', 'moderator', 'admin', 'API key', 'Supabase user'] as const;
    const { present } = this;
    const statuses = present && (await Promise.all(signedIn.map((name) => present[name].get(ME))));
    if (!statuses?.every(({ status }) => status === 200)) this.present = undefined;
    return (this.present ??= await newCallers(this.test, this.supabase));
  }
}

async function newCallers(test: TestApp, supabase: SupabaseProject): Promise<Others> {
  const { anonymous, config } = test;
  const [admin, moderator, somebody, expired, revoked, disabled] = await Promise.all([
    anonymous.signIn('admin'),
    anonymous.signIn('moderator'),
    anonymous.signIn(),
    anonymous.signIn('admin'),
    anonymous.signIn('admin'),
    anonymous.signIn('admin'),
  ]);
  const sign = createSigner({
    key: config.of(CryptoConfig).jwtSecret,
    iss: PRODUCT.key,
    aud: `${PRODUCT.key}-api`,
  });
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
    'API key': withKey(test, (await createKey(await anonymous.signIn())).key),
    'Supabase user': await signedInAt(supabase, test, supabase.person()),
  };
}
