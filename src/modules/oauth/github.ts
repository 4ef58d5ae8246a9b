import type { ServerMetadata } from 'openid-client';
import type { Profile } from './profile.js';

/** GitHub publishes no metadata, so its endpoints are fixed. */
export const GITHUB_SCOPE = 'read:user user:email';

/** The metadata that GitHub, or a GitHub Enterprise server, would publish if it supported OpenID Connect. */
export function gitHubMetadata(issuer: string): ServerMetadata {
  return {
    issuer,
    authorization_endpoint: `${issuer}/login/oauth/authorize`,
    token_endpoint: `${issuer}/login/oauth/access_token`,
    token_endpoint_auth_methods_supported: ['client_secret_post'],
  };
}

/** The profile that an access token belongs to. @param ask sends requests with the token */
export async function gitHubProfile(issuer: string, ask: (url: URL) => Promise<Response>): Promise<Profile> {
  const api = issuer === 'https://github.com' ? 'https://api.github.com' : `${issuer}/api/v3`;
  const fetched = async (path: string): Promise<unknown> => {
    const response = await ask(new URL(`${api}${path}`));
    if (!response.ok) throw new Error(`Status ${response.status} of ${path}`);
    return response.json();
  };
  const [user, emails] = await Promise.all([fetched('/user'), fetched('/user/emails')]);
  const { id, name } = user as { readonly id?: unknown; readonly name?: unknown };
  // A number that is never reused, unlike the name of an account.
  if (!Number.isSafeInteger(id)) throw new Error('/user tells no id');
  const addresses: readonly unknown[] = Array.isArray(emails) ? emails : [];
  const primary = addresses
    .map((each) => ({ ...(each as Address | null) }))
    .find((each) => each.primary === true);
  return {
    issuer,
    subject: String(id),
    email: typeof primary?.email === 'string' ? primary.email : undefined,
    isEmailVerified: primary?.verified === true,
    name: typeof name === 'string' ? name : undefined,
  };
}

interface Address {
  readonly email?: unknown;
  readonly primary?: unknown;
  readonly verified?: unknown;
}
