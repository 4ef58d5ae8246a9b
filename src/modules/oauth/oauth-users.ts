import { Injectable } from '@nestjs/common';
import { apiError } from '../../platform/errors/errors.js';
import type { Device } from '../../platform/http/device.js';
import type { Caller, UserId } from '../../platform/access/caller.js';
import type { SignedInDto } from '../auth/auth.dto.js';
import { AuthService } from '../auth/auth.service.js';
import { StepUpService } from '../auth/step-up.service.js';
import { IdentitiesService, type Outsider } from '../identities/identities.service.js';
import { IdentityDto } from '../identities/identity.dto.js';
import { IdentityErrors } from '../identities/identity.errors.js';
import { UserErrors } from '../users/user.errors.js';
import { UsersConfig } from '../users/users.config.js';
import { UsersService } from '../users/users.service.js';
import type { OAuthCode } from './oauth-code.schema.js';
import { OAuthCodes, type Redemption } from './oauth-codes.js';

/**
 * Turns a sign-in with a provider into a session, a linked identity, or a proof. Identities are never linked by
 * address, verified or not.
 */
@Injectable()
export class OAuthUsers {
  constructor(
    private readonly codes: OAuthCodes,
    private readonly identities: IdentitiesService,
    private readonly users: UsersService,
    private readonly auth: AuthService,
    private readonly stepUp: StepUpService,
    private readonly config: UsersConfig,
  ) {}

  /**
   * Requires that the person is a user, or may become one.
   * @throws ApiError EMAIL_NOT_VERIFIED, ACCOUNT_LINK_REQUIRED, REGISTRATION_CLOSED
   */
  async requireWelcome(outsider: Outsider, email: string | undefined): Promise<void> {
    if (await this.identities.ownerOf(outsider)) return;
    if (email === undefined) throw apiError('EMAIL_NOT_VERIFIED');
    if (await this.users.findByEmail(email)) await this.identities.ownerSince(outsider);
    else this.requireOpen();
  }

  /**
   * Signs in the person that the code is about, creating a user the first time.
   * @throws ApiError INVALID_OAUTH_CODE, OTP_REQUIRED and INVALID_OTP, RATE_LIMITED, UNAUTHENTICATED for a disabled
   * user, and as `requireWelcome`
   */
  async signIn(dto: Redemption & { readonly otp?: string | null }, device: Device): Promise<SignedInDto> {
    const found = await this.codes.find(dto, 'sign-in');
    const known = await this.identities.ownerOf(outsiderOf(found));
    // Taken before a new user is created, who has no second factor: of several concurrent requests, one creates it.
    if (!known) await this.codes.take(found);
    const owner = known ?? (await this.arrive(found));
    return this.auth.admit(owner, device, {
      factor: { otp: dto.otp, asked: () => this.codes.extend(found) },
      ...(known && { settle: () => this.codes.take(found) }),
      holds: async () => (await this.identities.ownerOf(outsiderOf(found))) === owner,
    });
  }

  /** @throws ApiError INVALID_OAUTH_CODE, IDENTITY_TAKEN, IDENTITY_LIMIT_REACHED */
  async link({ id }: Caller, redemption: Redemption): Promise<IdentityDto> {
    const found = await this.codes.find(redemption, 'link');
    await this.codes.take(found);
    return IdentityDto.from(await this.identities.link(id, outsiderOf(found)));
  }

  /**
   * Renews the proof of the caller's session.
   * @throws ApiError FORBIDDEN without a session, INVALID_OAUTH_CODE, IDENTITY_NOT_FOUND for one that is not the caller's,
   *   STEP_UP_REQUIRED for a user with a second factor, who proves with that
   */
  async prove({ id, session, otpEnabled }: Caller, redemption: Redemption): Promise<void> {
    if (session === undefined) throw apiError('FORBIDDEN');
    const found = await this.codes.find(redemption, 'step-up');
    await this.codes.take(found);
    if (otpEnabled) throw apiError('STEP_UP_REQUIRED');
    const owner = await this.identities.ownerOf(outsiderOf(found));
    if (owner !== id) throw apiError(IdentityErrors.IDENTITY_NOT_FOUND);
    await this.stepUp.renew(id, session);
  }

  private async arrive(found: OAuthCode): Promise<UserId> {
    const outsider = outsiderOf(found);
    const { email } = found;
    if (email === undefined) throw apiError('EMAIL_NOT_VERIFIED');
    // Perhaps created for this identity a moment ago.
    if (await this.users.findByEmail(email)) return this.identities.ownerSince(outsider);
    this.requireOpen();
    return this.identities.createUser(outsider, email, found.name);
  }

  private requireOpen(): void {
    if (this.config.registration === 'closed') throw apiError(UserErrors.REGISTRATION_CLOSED);
  }
}

function outsiderOf({ issuer, subject }: Outsider): Outsider {
  return { issuer, subject };
}
