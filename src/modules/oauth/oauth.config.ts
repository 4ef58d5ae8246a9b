import { Env, type Fault } from '../../platform/config/env.js';
import { issuedKey, kind } from '../../platform/config/kinds.js';

/** Names that are routes below `/auth/oauth`, so no provider can have them. */
const RESERVED = new Set(['token', 'link', 'step-up']);
const NAME = /^[a-z][a-z\d-]{0,31}$/;
/** Providers with a known issuer. */
export const KNOWN_ISSUERS: Readonly<Record<string, string>> = {
  google: 'https://accounts.google.com',
  github: 'https://github.com',
  microsoft: 'https://login.microsoftonline.com/common/v2.0',
};

const names = kind(
  'names of providers, separated by commas: google, github, microsoft, or names of your own in lower case',
  (text) => {
    const list = text.split(',').map((each) => each.trim());
    const isRight = list.every((name) => NAME.test(name) && !RESERVED.has(name));
    return isRight && new Set(list).size === list.length ? list : undefined;
  },
);

const LOOPBACK = /^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?(?:\/|$)/;

/** Nobody else can read or change what is sent there. */
function isSafe(text: string): boolean {
  return (
    /^[^\s?#@\\]+$/.test(text) && URL.canParse(text) && (text.startsWith('https://') || LOOPBACK.test(text))
  );
}

const issuer = kind('an address that begins with https://, without query and fragment', (text) =>
  isSafe(text) ? text : undefined,
);

const redirects = kind(
  'exact addresses, separated by commas, without query and fragment: https://app.example.com/signed-in',
  (text) => {
    const list = text.split(',').map((each) => each.trim());
    return list.every((each) => isSafe(each) && new URL(each).href === each) ? list : undefined;
  },
);

/** The providers that people may sign in with. */
export class OAuthConfig {
  /** Providers that people may sign in with, separated by commas: `google`, `github` (also GitHub Enterprise), `microsoft`, and names of your own for other OpenID Connect issuers. Register `/api/v1/auth/oauth/NAME/callback` below PUBLIC_URL there. */
  @Env('OAUTH_PROVIDERS', names, { default: [], requires: 'PUBLIC_URL' })
  readonly names!: readonly string[];

  /** Id of this product at a provider of OAUTH_PROVIDERS; NAME is its name in upper case, with _ for -. */
  @Env('OAUTH_<NAME>_CLIENT_ID', issuedKey(), { eachOf: 'OAUTH_PROVIDERS' })
  readonly clientIds!: Readonly<Record<string, string | undefined>>;

  /** Client secret of this product at the provider. */
  @Env('OAUTH_<NAME>_CLIENT_SECRET', issuedKey(), { eachOf: 'OAUTH_PROVIDERS' })
  readonly clientSecrets!: Readonly<Record<string, string | undefined>>;

  /** Issuer; its `/.well-known/openid-configuration` has the rest. Required for all but google, github and microsoft; a tenant's own for microsoft, and the server of GitHub Enterprise for github. */
  @Env('OAUTH_<NAME>_ISSUER', issuer, { eachOf: 'OAUTH_PROVIDERS' })
  readonly issuers!: Readonly<Record<string, string | undefined>>;

  /** Addresses that a sign-in may redirect to besides the product's own pages, separated by commas, each exactly as in `redirectTo`. */
  @Env('OAUTH_REDIRECTS', redirects, { default: [], requires: 'OAUTH_PROVIDERS' })
  readonly redirects!: readonly string[];

  static faultsOf({ names: all, clientIds, clientSecrets, issuers }: OAuthConfig): Fault[] {
    const problem = 'is required with OAUTH_PROVIDERS';
    return all.flatMap((name) => {
      const start = `OAUTH_${name.toUpperCase().replaceAll('-', '_')}`;
      return [
        ...(clientIds[name] === undefined ? [{ variable: `${start}_CLIENT_ID`, problem }] : []),
        ...(clientSecrets[name] === undefined ? [{ variable: `${start}_CLIENT_SECRET`, problem }] : []),
        ...((issuers[name] ?? KNOWN_ISSUERS[name]) ? [] : [{ variable: `${start}_ISSUER`, problem }]),
      ];
    });
  }
}
