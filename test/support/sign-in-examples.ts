import { newAt, OAUTH, ORIGIN, PAGE, signInAt, Visitor } from './oauth.js';
import { PasskeyDevice } from './passkeys.js';
import type { OidcServer } from './oidc.js';
import type { TestApp } from './test-app.js';
import type { TestClient } from './test-client.js';

/** Who sends what where the example of a body holds something that only a provider or a device can give, by operationId. */
export function signInExamples(
  parts: () => { readonly test: TestApp; readonly server: OidcServer },
): Readonly<Record<string, () => Promise<{ caller?: TestClient; body: unknown }>>> {
  const visitor = () => new Visitor(parts().test, parts().server);
  const person = () => newAt(parts().server);
  /** Somebody with a passkey, and the device that has it. */
  const withPasskey = async () => {
    const caller = await parts().test.anonymous.signIn();
    const device = new PasskeyDevice();
    await device.register(caller);
    return { caller, device };
  };
  const shown = async () => {
    const { caller, device } = await withPasskey();
    return { caller, body: { credential: await device.shown(caller) } };
  };
  return {
    addPasskey: async () => {
      const caller = await parts().test.anonymous.signIn();
      return { caller, body: { credential: await new PasskeyDevice().made(caller) } };
    },
    loginByPasskey: shown,
    stepUpByPasskey: shown,
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
