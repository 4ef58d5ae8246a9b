import { newAt, OAUTH, ORIGIN, PAGE, signInAt, Visitor } from './oauth.js';
import type { OidcServer } from './oidc.js';
import type { TestApp } from './test-app.js';
import type { TestClient } from './test-client.js';

/** Who sends what where the example of a body holds something that only a provider can give, by operationId. */
export function signInExamples(
  parts: () => { readonly test: TestApp; readonly server: OidcServer },
): Readonly<Record<string, () => Promise<{ caller?: TestClient; body: unknown }>>> {
  const visitor = () => new Visitor(parts().test, parts().server);
  const person = () => newAt(parts().server);
  return {
    startOAuth: () => Promise.resolve({ body: { redirectTo: PAGE, codeChallenge: visitor().codeChallenge } }),
    redeemOAuthCode: async () => ({ body: await visitor().codeFor(person()) }),
    linkOAuthIdentity: async () => ({ body: await visitor().codeFor(person(), { purpose: 'link' }) }),
    stepUpByOAuth: async () => {
      const login = person();
      const caller = await signInAt(parts().test, parts().server, login);
      return { caller, body: await visitor().codeFor(login, { purpose: 'step-up' }) };
    },
  };
}

/** What lets people sign in with a server under the name that the documentation's examples have. */
export const exampleProvider = {
  name: 'google',
  callback: `${ORIGIN}${OAUTH}/google/callback`,
  env: { PUBLIC_URL: ORIGIN, OAUTH_PROVIDERS: 'google' },
};
