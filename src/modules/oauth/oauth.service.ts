import { Injectable } from '@nestjs/common';
import { ApiError, apiError, invalid } from '../../platform/errors/errors.js';
import type { Cookies } from '../../platform/http/cookies.js';
import { HttpConfig } from '../../platform/http/http.config.js';
import { publicOriginOf } from '../../platform/http/public-origin.js';
import { DomainEvents } from '../../platform/logging/events.js';
import { OAuthCodes } from './oauth-codes.js';
import { failureOf } from './oauth-failure.js';
import { type Checks, type Flow, OAuthFlows } from './oauth-flows.js';
import { OAuthConfig } from './oauth.config.js';
import type { ProviderDto, StartOAuthDto } from './oauth.dto.js';
import { OAuthErrors } from './oauth.errors.js';
import { OAuthEvents } from './oauth.events.js';
import { OAuthUsers } from './oauth-users.js';
import { nameOf, type Profile, verifiedEmailOf } from './profile.js';
import { type Provider, Providers } from './providers.js';

/** How far the clocks of the two servers may be apart, in milliseconds. */
const CLOCK_TOLERANCE_MS = 5_000;
const MAX_SUBJECT_LENGTH = 255;

/** Redirects browsers to providers and back, with a code that their client redeems. */
@Injectable()
export class OAuthService {
  private readonly origin: string;

  constructor(
    private readonly providers: Providers,
    private readonly flows: OAuthFlows,
    private readonly codes: OAuthCodes,
    private readonly users: OAuthUsers,
    private readonly events: DomainEvents,
    private readonly config: OAuthConfig,
    http: HttpConfig,
  ) {
    this.origin = publicOriginOf(http);
  }

  list(): ProviderDto[] {
    return this.providers.all.map(({ name, label, issuer, isOpenId }) => ({
      name,
      label,
      issuer,
      stepUp: isOpenId,
    }));
  }

  /**
   * The address of the provider, for the browser that gets the cookie.
   * @throws ApiError PROVIDER_NOT_FOUND, VALIDATION_ERROR for an address that may not be led to, PROVIDER_UNAVAILABLE
   */
  async start(name: string, dto: StartOAuthDto, cookies: Cookies): Promise<string> {
    const provider = this.require(name);
    const { redirectTo, codeChallenge } = dto;
    const purpose = dto.purpose ?? 'sign-in';
    if (!this.isAllowed(redirectTo)) {
      const message = 'redirectTo must be a page of the product itself, or one of OAUTH_REDIRECTS';
      throw invalid([{ path: 'redirectTo', message }]);
    }
    if (purpose === 'step-up' && !provider.isOpenId) {
      const message = `purpose must not be step-up: ${provider.label} cannot be asked to; sign in again instead`;
      throw invalid([{ path: 'purpose', message }]);
    }
    const checks = this.flows.begin(cookies, { provider: name, redirectTo, codeChallenge, purpose });
    try {
      return await this.providers.addressOf(
        provider,
        this.callbackOf(provider),
        checks,
        purpose === 'step-up',
      );
    } catch (error) {
      this.noteFailure(provider, error);
      // Nothing has been requested on behalf of anyone yet: the metadata is unavailable or unusable.
      throw apiError(OAuthErrors.PROVIDER_UNAVAILABLE, { cause: error });
    }
  }

  /**
   * Where to redirect a browser that comes from the provider: to the sign-in's `redirectTo`, with a code or an error.
   * @param search of the address, as it came
   * @throws ApiError INVALID_OAUTH_STATE, since the redirect address is then unknown; PROVIDER_NOT_FOUND
   */
  async finish(name: string, search: string, state: unknown, cookies: Cookies): Promise<string> {
    const provider = this.require(name);
    const flow = this.flows.find(cookies, state);
    if (flow?.provider !== name) throw apiError(OAuthErrors.INVALID_OAUTH_STATE);
    const target = new URL(flow.redirectTo);
    try {
      target.searchParams.set('code', await this.codeFor(provider, flow, search));
    } catch (error) {
      target.searchParams.set('error', this.noteFailure(provider, error).code);
    }
    return target.href;
  }

  private async codeFor(provider: Provider, flow: Flow & Checks, search: string): Promise<string> {
    const address = new URL(`${this.callbackOf(provider)}${search}`);
    const profile = await this.providers.profileOf(provider, address, flow);
    const { issuer, subject, provenAt } = profile;
    if (subject === '' || subject.length > MAX_SUBJECT_LENGTH) throw apiError(OAuthErrors.SIGN_IN_FAILED);
    if (flow.purpose === 'step-up') requireAnew(profile, flow);
    const email = verifiedEmailOf(profile);
    // Reported now, before the client redeems the code, which checks again.
    if (flow.purpose === 'sign-in') await this.users.requireWelcome({ issuer, subject }, email);
    const name = nameOf(profile);
    return this.codes.issue({
      codeChallenge: flow.codeChallenge,
      purpose: flow.purpose,
      issuer,
      subject,
      ...(email !== undefined && { email }),
      ...(name !== undefined && { name }),
      ...(provenAt !== undefined && { provenAt: new Date(provenAt) }),
    });
  }

  private require(name: string): Provider {
    const provider = this.providers.find(name);
    if (!provider) throw apiError(OAuthErrors.PROVIDER_NOT_FOUND);
    return provider;
  }

  /**
   * The redirect address registered at the provider. A separate one for each, so that no response of one is taken for
   * another's.
   */
  private callbackOf({ name }: Provider): string {
    return `${this.origin}/api/v1/auth/oauth/${name}/callback`;
  }

  private isAllowed(redirectTo: string): boolean {
    if (this.config.redirects.includes(redirectTo)) return true;
    if (!URL.canParse(redirectTo)) return false;
    const { href, search, hash } = new URL(redirectTo);
    // Normalised as browsers parse it, so that no other spelling leads elsewhere.
    return href === redirectTo && !search && !hash && href.startsWith(`${this.origin}/`);
  }

  private noteFailure({ name }: Provider, cause: unknown): ApiError {
    const { error, reason } = failureOf(cause);
    this.events.record(OAuthEvents.oauth_failed, { provider: name, code: error.code, reason });
    return error;
  }
}

/** @throws ApiError STEP_UP_REQUIRED unless the provider says that the person has signed in for this */
function requireAnew({ provenAt = 0 }: Profile, { startedAt }: Flow): void {
  if (provenAt < startedAt - CLOCK_TOLERANCE_MS) throw apiError('STEP_UP_REQUIRED');
}
