import type { Person, SupabaseProject } from './supabase.js';
import type { TestApp } from './test-app.js';
import type { TestClient } from './test-client.js';

export const IDENTITIES = '/api/v1/auth/identities';

/** Whoever sends this token. */
export function withToken({ anonymous }: TestApp, token: string): TestClient {
  return anonymous.with({ authorization: `Bearer ${token}` });
}

/** Somebody who has signed in at the project. */
export async function signedInAt(
  project: SupabaseProject,
  test: TestApp,
  person: Person,
): Promise<TestClient> {
  return withToken(test, await project.token(person));
}
