import { randomInt, randomUUID } from 'node:crypto';
import { UserAddresses } from '../../src/modules/users/user-addresses.js';
import type { UserId } from '../../src/platform/access/caller.js';
import type { TestApp } from './test-app.js';
import { type Answer, PASSWORD, type TestClient } from './test-client.js';

export const USERS = '/api/v1/users';
export const REGISTER = '/api/v1/auth/register';
export const LOGIN = '/api/v1/auth/login';
export const REFRESH = '/api/v1/auth/refresh';
export const LOGOUT = '/api/v1/auth/logout';
export const SESSIONS = '/api/v1/auth/sessions';
export const ME = '/api/v1/auth/me';

/** What registering takes, for somebody whom nobody knows yet. */
export interface Credentials {
  readonly email: string;
  readonly password: string;
}

export function newCredentials(): Credentials {
  return { email: `${randomUUID()}@example.com`, password: PASSWORD };
}

/** An address that nobody had before: one may register few, and guess seldom. */
export function newAddress(): string {
  return `10.${[1, 2, 3].map(() => randomInt(256)).join('.')}`;
}

/** Registers somebody new and answers how to sign in, and the id. */
export async function register(
  client: TestClient,
  address = newAddress(),
): Promise<Credentials & { readonly id: string }> {
  const credentials = newCredentials();
  const answer = await client.from(address).post(REGISTER, credentials);
  if (answer.status !== 201) throw new Error(`Not registered: ${answer.text}`);
  return { ...credentials, id: answer.body.data.id as string };
}

/** As `register`, of somebody who has shown that mails arrive. */
export async function registerVerified(
  { anonymous, app }: Pick<TestApp, 'anonymous' | 'app'>,
  address = newAddress(),
): Promise<Credentials & { readonly id: string }> {
  const registered = await register(anonymous, address);
  await app.get(UserAddresses, { strict: false }).verify(registered.id as UserId);
  return registered;
}

/** The paths of the faults that an answer names. */
export function faultyPaths({ body }: Answer): string[] {
  return (body.details as { path: string }[]).map(({ path }) => path);
}
