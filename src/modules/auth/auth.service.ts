import { Injectable } from '@nestjs/common';
import { Attempts } from '../../platform/limits/attempts.js';
import { ProcessConfig } from '../../platform/config/process.config.js';
import { Quotas } from '../../platform/limits/quotas.js';
import type { Claim } from '../../platform/concurrency/fair-queue.js';
import { afterwards, type Transaction } from '../../platform/database/transactions.js';
import { apiError } from '../../platform/errors/errors.js';
import type { Device } from '../../platform/http/device.js';
import type { Once } from '../../platform/idempotency/once.js';
import { DomainEvents } from '../../platform/logging/events.js';
import { type Caller, scopeOf, type UserId } from '../../platform/access/caller.js';
import { networkOf } from '../../platform/http/client-address.js';
import { mailboxOf } from '../../platform/validation/mailbox.js';
import { RefreshService } from '../sessions/refresh.service.js';
import { type Grant, SessionsService } from '../sessions/sessions.service.js';
import { AccountMails } from '../users/account-mails.js';
import { IdentityProof } from '../users/identity-proof.js';
import { SecondFactors } from '../users/second-factors.js';
import { UserDto } from '../users/user.dto.js';
import { claimOf, UserPasswords } from '../users/user-passwords.js';
import { type User, UsersService } from '../users/users.service.js';
import { AccessTokens } from './access-tokens.js';
import { AuthConfig } from './auth.config.js';
import type { LoginDto, RegisterDto, SignedInDto } from './auth.dto.js';
import { KnownDevices } from './known-devices.js';
import { SessionErrors } from '../sessions/session.errors.js';
import { UserErrors } from '../users/user.errors.js';
import { AuthEvents } from './auth.events.js';
import { UserEvents } from '../users/user.events.js';

/** Registering reveals whether an address is taken, so attempts per client address are limited. */
const REGISTRATIONS = { limit: 10, seconds: 60 * 60 };
/** Developers on this machine register test users all day. */
const LOCAL_REGISTRATIONS = { ...REGISTRATIONS, limit: 10_000 };
const LOCAL = /^(127\.|::1$|::ffff:127\.)/;

/** A user whose password was correct, and whether it should be rehashed. */
interface Identified {
  readonly user: User;
  readonly isOutdated: boolean;
}

/** How to sign in a user who has proved its identity without a password. */
interface Admission {
  /** Absent if the proof counts as both factors. */
  readonly factor?: {
    readonly otp: string | null | undefined;
    /** Called if one is required, before it is checked. */
    readonly asked: () => Promise<void>;
  };
  readonly settle?: () => Promise<unknown>;
  readonly holds: () => Promise<boolean>;
}

@Injectable()
export class AuthService {
  constructor(
    private readonly users: UsersService,
    private readonly passwords: UserPasswords,
    private readonly mails: AccountMails,
    private readonly factors: SecondFactors,
    private readonly proof: IdentityProof,
    private readonly sessions: SessionsService,
    private readonly refreshes: RefreshService,
    private readonly tokens: AccessTokens,
    private readonly devices: KnownDevices,
    private readonly attempts: Attempts,
    private readonly quotas: Quotas,
    private readonly events: DomainEvents,
    private readonly config: AuthConfig,
    private readonly process: ProcessConfig,
  ) {}

  /**
   * Repeating a request returns the user registered then and does not count against the quota; neither does a weak
   * password. Trying an address that is taken does: that is what the quota limits.
   * @throws ApiError WEAK_PASSWORD, EMAIL_TAKEN, RATE_LIMITED
   */
  async register(dto: RegisterDto, { address }: Device, once: Once): Promise<User> {
    this.passwords.requireStrong(dto.password, dto.email);
    const isLocal = this.process.mode === 'development' && LOCAL.test(address);
    const quota = isLocal ? LOCAL_REGISTRATIONS : REGISTRATIONS;
    return this.quotas.spend('registrations', networkOf(address), quota, (take) =>
      once.run(
        async (transaction) => {
          await take();
          return this.create(dto, claimOf(address, dto.email, false), transaction);
        },
        (id) => this.users.get(scopeOf(id as UserId), id),
      ),
    );
  }

  /**
   * Starts a session.
   * @throws ApiError INVALID_CREDENTIALS, whichever of the two is wrong and also for a disabled user; OTP_REQUIRED and
   * INVALID_OTP if both are correct; RATE_LIMITED after too many failures
   */
  async login(credentials: LoginDto, device: Device): Promise<SignedInDto> {
    const { password } = credentials;
    const email = mailboxOf(credentials.email);
    const budgets = await this.devices.budgetsOf(email, device);
    const isKnown = budgets.some(([kind]) => kind === 'device');
    const claim = claimOf(device.address, email, isKnown);
    const identified = this.attempts.guard(
      budgets,
      () => this.identify(credentials),
      (guess) => this.passwords.inTurn(claim, guess),
    );
    // What it costs is limited by itself, and nothing to do with what else the server can handle.
    const { user, isOutdated } = await device.idle(identified);
    const owner = user._id.toHexString() as UserId;
    const grant = await this.sessions.start(owner, device);
    const proved = { ...claim, isKnown: true };
    await this.requireUnchanged(user, password, grant, proved);
    await this.devices.remember(owner, email, device);
    this.events.record(AuthEvents.login_succeeded, { userId: owner, sessionId: grant.sessionId });
    if (isOutdated) await this.passwords.renew(user, password, proved);
    return this.answer(user, grant);
  }

  /**
   * Starts a session for a user who has proved its identity without a password.
   * @param settle uses up the proof, once the second factor is correct; called before the session is created
   * @param holds whether the proof still belongs to the user, once the session has been created
   * @throws ApiError UNAUTHENTICATED for a disabled user; OTP_REQUIRED, INVALID_OTP, RATE_LIMITED
   */
  async admit(owner: UserId, device: Device, { factor, settle, holds }: Admission): Promise<SignedInDto> {
    const user = await this.users.findById(owner);
    if (!user || user.disabled) throw apiError('UNAUTHENTICATED');
    if (factor && this.factors.isAskedOf(user)) {
      await factor.asked();
      await this.proof.guard(user, device, () => this.factors.require(user, factor.otp));
    }
    await settle?.();
    const grant = await this.sessions.start(owner, device);
    // A concurrent request that ends all sessions may have missed this one.
    const now = await this.users.findById(owner);
    if (!now || now.disabled || now.otpEnabled !== user.otpEnabled || !(await holds())) {
      await this.sessions.endOwn(grant.sessionId);
      throw apiError('UNAUTHENTICATED');
    }
    await this.devices.remember(owner, user.email, device);
    this.events.record(AuthEvents.login_succeeded, { userId: owner, sessionId: grant.sessionId });
    return this.answer(user, grant);
  }

  /** Whether the user with this address has signed in with the mark of this browser. */
  knowsBrowser(email: string, mark: string): Promise<boolean> {
    return this.devices.has(mailboxOf(email), mark);
  }

  /** @throws ApiError INVALID_REFRESH_TOKEN, REFRESH_IN_PROGRESS, REFRESH_TOKEN_REUSED */
  async refresh(refreshToken: string, device: Device): Promise<SignedInDto> {
    const grant = await this.refreshes.refresh(refreshToken, device);
    const user = await this.users.findById(grant.owner);
    if (user && !user.disabled) return this.answer(user, grant);
    await this.sessions.endAll(grant.owner);
    throw apiError(SessionErrors.INVALID_REFRESH_TOKEN);
  }

  /**
   * Ends the session of a refresh token or, without one, that of the caller.
   * @throws ApiError INVALID_REFRESH_TOKEN, UNAUTHENTICATED with neither, FORBIDDEN for a caller without a session
   */
  async logout(refreshToken: string | null | undefined, caller: Caller | undefined): Promise<void> {
    if (refreshToken) return this.sessions.endByToken(refreshToken);
    if (!caller) throw apiError('UNAUTHENTICATED');
    if (caller.session === undefined) throw apiError('FORBIDDEN');
    return this.sessions.endOwn(caller.session);
  }

  me({ id }: Caller): Promise<UserDto> {
    return this.users.profile(id);
  }

  private async create(
    { email, password, name }: RegisterDto,
    claim: Claim,
    transaction?: Transaction,
  ): Promise<User> {
    const [localPart = email] = email.split('@');
    const fields = { email, password, name: name ?? localPart, role: 'user' } as const;
    const user = await this.users.create(fields, claim, transaction);
    afterwards(transaction, () => {
      this.events.record(UserEvents.user_registered, { userId: String(user._id) });
      this.mails.welcome(user);
    });
    return user;
  }

  private async identify({ email, password, otp }: LoginDto): Promise<Identified> {
    const user = await this.users.findByEmail(email);
    const match = await this.passwords.check(user, password);
    if (!user || !match || user.disabled) {
      this.events.record(AuthEvents.login_failed, { userId: user ? String(user._id) : undefined });
      throw apiError(UserErrors.INVALID_CREDENTIALS);
    }
    if (this.factors.isAskedOf(user)) await this.factors.require(user, otp);
    return { user, isOutdated: match === 'outdated' };
  }

  /**
   * Ends a session that was started while the password was changed or a second factor was turned on: both end all
   * sessions, and may have missed this one.
   * @throws ApiError INVALID_CREDENTIALS
   */
  private async requireUnchanged(
    user: User,
    password: string,
    { owner, sessionId }: Grant,
    claim: Claim,
  ): Promise<void> {
    const now = await this.users.findById(owner);
    // Another sign-in may have rehashed the same password.
    const isSamePassword =
      now?.passwordHash === user.passwordHash ||
      (await this.passwords.match(now, password, claim)) !== undefined;
    if (now && isSamePassword && now.otpEnabled === user.otpEnabled && !now.disabled) return;
    await this.sessions.endOwn(sessionId);
    throw apiError(UserErrors.INVALID_CREDENTIALS);
  }

  private answer(user: User, { owner, sessionId, generation, refreshToken }: Grant): SignedInDto {
    return {
      accessToken: this.tokens.sign({ userId: owner, sessionId, generation }),
      tokenType: 'Bearer',
      expiresIn: this.config.accessTokenLifetimeS,
      refreshToken,
      user: UserDto.from(user),
    };
  }
}
