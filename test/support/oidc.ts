import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';
import type { Environment } from '../../src/platform/config/env.js';

const SECRET = 'of-the-tests-and-of-nothing-else';
const HOUR_S = 3600;

/** OAuth without OpenID Connect, at the addresses of GitHub Enterprise. */
const GITHUB = {
  routes: { authorization: '/login/oauth/authorize', token: '/login/oauth/access_token' },
  scopes: ['read:user', 'user:email'],
};

/** An OpenID Connect server of the test (oidc-provider), on a port of its own. It lets everybody in whom it is told. */
export class OidcServer {
  /** What it says of people, by their ids there. */
  readonly people = new Map<string, Readonly<Record<string, unknown>>>();
  /** Who signs in now, by the id there. */
  login = '';
  /** So many seconds ago. */
  signedInAgoS = 0;

  private constructor(
    readonly name: string,
    callback: string,
    readonly issuer: string,
    private readonly server: Server,
    key: object,
  ) {
    const provider = new Provider(issuer, {
      clients: [{ client_id: `product-at-${name}`, client_secret: SECRET, redirect_uris: [callback] }],
      jwks: { keys: [{ ...key, kid: name, use: 'sig', alg: 'RS256' }] },
      cookies: { keys: [SECRET] },
      claims: { email: ['email', 'email_verified'], profile: ['name'] },
      ...(name === 'github' && GITHUB),
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_, { uid }) => `${new URL(issuer).pathname}interaction/${uid}` },
      ttl: { AccessToken: HOUR_S, Grant: HOUR_S, IdToken: HOUR_S, Interaction: HOUR_S, Session: HOUR_S },
      findAccount: (_, id) => ({ accountId: id, claims: () => ({ ...this.people.get(id), sub: id }) }),
      // Everybody has agreed to everything.
      loadExistingGrant: async ({ oidc: { client, session } }) => {
        if (session) session.loginTs = Math.floor(Date.now() / 1000) - this.signedInAgoS;
        const grant = new provider.Grant({
          ...(client && { clientId: client.clientId }),
          ...(session?.accountId !== undefined && { accountId: session.accountId }),
        });
        grant.addOIDCScope('openid email profile read:user user:email');
        await grant.save();
        return grant;
      },
    });
    const answer = provider.callback();
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const { pathname } = new URL(issuer);
      // As a framework does that mounts it at a path.
      Object.assign(request, {
        originalUrl: request.url,
        url: request.url?.replace(new RegExp(`^${pathname}`), '/'),
      });
      if (request.url?.startsWith('/interaction/')) {
        void provider.interactionFinished(request, response, { login: { accountId: this.login } });
      } else if (request.url?.startsWith('/api/v3/user')) {
        void this.tellOfUser(request, response, provider);
      } else void answer(request, response);
    });
  }

  /** @param callback registered for the product there @param path of the issuer */
  static async start(name: string, callback: string, path = ''): Promise<OidcServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    // A test that fails before it closes this must end all the same.
    server.unref();
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    return new OidcServer(name, callback, issuer, server, await exportJWK(privateKey));
  }

  /** What makes the product let people sign in with it, once OAUTH_PROVIDERS names it. */
  get env(): Environment {
    const start = `OAUTH_${this.name.toUpperCase()}`;
    return {
      [`${start}_CLIENT_ID`]: `product-at-${this.name}`,
      [`${start}_CLIENT_SECRET`]: SECRET,
      [`${start}_ISSUER`]: this.issuer,
    };
  }

  /** Signs somebody in at the server, as a new browser would, and answers the address that leads back to the product. */
  async signIn(url: string, login: string): Promise<URL> {
    this.login = login;
    const cookies = new Map<string, string>();
    for (let next = new URL(url), hops = 0; hops < 10; hops++) {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      const response = await fetch(next, { redirect: 'manual', headers: { cookie } });
      for (const each of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(each) ?? [];
        cookies.set(name, value);
      }
      const location = response.headers.get('location');
      const text = await response.text();
      if (location === null) throw new Error(`The server led nowhere: ${text.slice(0, 300)}`);
      next = new URL(location, next);
      if (next.origin !== new URL(this.issuer).origin) return next;
    }
    throw new Error('Too many redirects');
  }

  /** As the API of GitHub tells of whoever an access token belongs to. */
  private async tellOfUser(
    { url, headers }: IncomingMessage,
    response: ServerResponse,
    { AccessToken }: Provider,
  ): Promise<void> {
    const token = await AccessToken.find(headers.authorization?.replace('Bearer ', '') ?? '');
    const { email, email_verified: verified, ...user } = this.people.get(token?.accountId ?? '') ?? {};
    const other = { email: 'other@example.org', primary: false, verified: true };
    const body = url?.endsWith('/emails') ? [other, { email, primary: true, verified }] : user;
    response.writeHead(token ? 200 : 401, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
