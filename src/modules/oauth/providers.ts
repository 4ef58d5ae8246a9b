import { Injectable } from '@nestjs/common';
import type { Configuration, CustomFetch, IDToken } from 'openid-client';
import { bodyOf } from '../../platform/limits/bounded-body.js';
import type { Checks } from './oauth-flows.js';
import { KNOWN_ISSUERS, OAuthConfig } from './oauth.config.js';
import { GITHUB_SCOPE, gitHubMetadata, gitHubProfile } from './github.js';
import type { Profile } from './profile.js';

/** How long a provider may take to respond, in seconds. */
const TIMEOUT_S = 4;
/** Largest response of a provider, in bytes. */
const MAX_RESPONSE_BYTES = 1024 * 1024;
/** How long a provider's metadata is cached, in milliseconds. */
const METADATA_MS = 60 * 60 * 1000;
const LABELS: Readonly<Record<string, string>> = {
  google: 'Google',
  github: 'GitHub',
  microsoft: 'Microsoft',
};

/** A provider that people may sign in with. */
export interface Provider {
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly label: string;
  /** Whether it supports OpenID Connect, which can require a fresh sign-in. GitHub supports only OAuth. */
  readonly isOpenId: boolean;
}

interface Known {
  readonly configuration: Promise<Configuration>;
  readonly until: number;
}

/** Talks to providers, through a library that is loaded on first use. */
@Injectable()
export class Providers {
  readonly all: readonly Provider[];
  private readonly known = new Map<string, Known>();

  constructor({ names, clientIds, clientSecrets, issuers }: OAuthConfig) {
    this.all = names.map((name) => ({
      name,
      // Some issuers end in a slash, and it belongs to their name. Addresses of GitHub's are built on it.
      issuer: (issuers[name] ?? KNOWN_ISSUERS[name] ?? '').replace(name === 'github' ? /\/+$/ : '', ''),
      clientId: clientIds[name] ?? '',
      clientSecret: clientSecrets[name] ?? '',
      label: LABELS[name] ?? name.charAt(0).toUpperCase() + name.slice(1),
      isOpenId: name !== 'github',
    }));
  }

  find(name: string): Provider | undefined {
    return this.all.find((provider) => provider.name === name);
  }

  /** The provider's page that the browser is sent to. */
  async addressOf(provider: Provider, callback: string, checks: Checks, isAnew: boolean): Promise<string> {
    const client = await import('openid-client');
    const parameters = {
      redirect_uri: callback,
      scope: provider.isOpenId ? 'openid email profile' : GITHUB_SCOPE,
      state: checks.state,
      code_challenge: await client.calculatePKCECodeChallenge(checks.verifier),
      code_challenge_method: 'S256',
      ...(provider.isOpenId && { nonce: checks.nonce }),
      ...(isAnew && { max_age: '0' }),
    };
    return client.buildAuthorizationUrl(await this.configurationOf(provider), parameters).href;
  }

  /**
   * The person that a provider has authenticated.
   * @param address the URL that the browser was redirected to, with all its parameters
   * @throws what openid-client throws for any response that does not match the request
   */
  async profileOf(provider: Provider, address: URL, checks: Checks): Promise<Profile> {
    const client = await import('openid-client');
    const configuration = await this.configurationOf(provider);
    const tokens = await client.authorizationCodeGrant(configuration, address, {
      expectedState: checks.state,
      pkceCodeVerifier: checks.verifier,
      ...(provider.isOpenId && { expectedNonce: checks.nonce, idTokenExpected: true }),
    });
    if (!provider.isOpenId) {
      return gitHubProfile(provider.issuer, (url) =>
        client.fetchProtectedResource(configuration, tokens.access_token, url, 'GET'),
      );
    }
    const claims = tokens.claims();
    if (!claims) throw new Error('There is no ID token');
    const { userinfo_endpoint: userInfo } = configuration.serverMetadata();
    const isComplete = claims['email'] !== undefined || userInfo === undefined;
    const more = isComplete
      ? claims
      : await client.fetchUserInfo(configuration, tokens.access_token, claims.sub);
    return profileOf(claims, more);
  }

  private configurationOf(provider: Provider): Promise<Configuration> {
    const known = this.known.get(provider.name);
    if (known && known.until > Date.now()) return known.configuration;
    const configuration = this.discover(provider);
    this.known.set(provider.name, { configuration, until: Date.now() + METADATA_MS });
    // The next sign-in tries again.
    configuration.catch(() => this.known.delete(provider.name));
    return configuration;
  }

  private async discover({ issuer, clientId, clientSecret, isOpenId }: Provider): Promise<Configuration> {
    const client = await import('openid-client');
    const post = client.ClientSecretPost(clientSecret);
    const basic = client.ClientSecretBasic(clientSecret);
    const authenticate: typeof post = (as, ...rest) =>
      (as.token_endpoint_auth_methods_supported?.includes('client_secret_post') ? post : basic)(as, ...rest);
    const insecure = issuer.startsWith('http:') ? [client.allowInsecureRequests] : [];
    if (!isOpenId) {
      const configuration = new client.Configuration(
        gitHubMetadata(issuer),
        clientId,
        undefined,
        authenticate,
      );
      configuration.timeout = TIMEOUT_S;
      configuration[client.customFetch] = boundedFetch;
      for (const allow of insecure) allow(configuration);
      return configuration;
    }
    return client.discovery(new URL(issuer), clientId, undefined, authenticate, {
      timeout: TIMEOUT_S,
      [client.customFetch]: boundedFetch,
      // Verifies signatures even of tokens that come directly from the issuer.
      execute: [client.enableNonRepudiationChecks, ...insecure],
    });
  }
}

/** As `fetch`, within the timeout for the whole body. @throws Error for a response that is too large */
const boundedFetch: CustomFetch = async (url, options) => {
  const response = await fetch(url, { ...options, body: options.body ?? null });
  const body = await bodyOf(response, MAX_RESPONSE_BYTES);
  const { status, headers } = response;
  return new Response(body.length > 0 ? body : null, { status, headers });
};

const textOf = (claim: unknown): string | undefined => (typeof claim === 'string' ? claim : undefined);

function profileOf(claims: IDToken, more: Readonly<Record<string, unknown>>): Profile {
  return {
    issuer: claims.iss,
    subject: claims.sub,
    email: textOf(more['email']),
    // Microsoft uses the other claim, if configured, to say that the domain's owner has verified the address.
    isEmailVerified: [more['email_verified'], claims['xms_edov']].some(
      (claim) => claim === true || claim === 'true',
    ),
    name: textOf(more['name']),
    provenAt: typeof claims.auth_time === 'number' ? claims.auth_time * 1000 : undefined,
  };
}
