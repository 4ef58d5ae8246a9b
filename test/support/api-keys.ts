import type { TestApp } from './test-app.js';
import type { TestClient } from './test-client.js';

export const API_KEYS = '/api/v1/auth/api-keys';

/** A new key of a signed-in user. */
export async function createKey(
  owner: TestClient,
  fields: object = {},
): Promise<{ readonly id: string; readonly key: string }> {
  const { status, text, body } = await owner.post(API_KEYS, { name: 'Program', ...fields });
  if (status !== 201) throw new Error(`No key was created: ${text}`);
  return body.data as { id: string; key: string };
}

/** A program that sends this key. */
export function withKey({ anonymous }: TestApp, key: string): TestClient {
  return anonymous.with({ authorization: `Bearer ${key}` });
}
