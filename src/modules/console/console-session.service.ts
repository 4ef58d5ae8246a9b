import { Injectable } from '@nestjs/common';
import { HttpConfig } from '../../platform/http/http.config.js';
import { basePathOf } from '../../platform/http/public-origin.js';
import { ApiError, apiError } from '../../platform/errors/errors.js';
import type { Cookies } from '../../platform/http/cookies.js';
import type { Device } from '../../platform/http/device.js';
import { AuthService } from '../auth/auth.service.js';
import type { LoginDto, SignedInDto } from '../auth/auth.dto.js';
import type { ConsoleSessionDto } from './console.dto.js';
import { DeviceMarks } from './device-marks.js';
import { PRODUCT } from '../../product/product.js';
import { SessionErrors } from '../sessions/session.errors.js';

const PATH = '/console/session';
/** Seconds for which the browser keeps the refresh token: no session lasts longer. */
const SESSION_S = 90 * 24 * 3600;
/** Seconds for which a browser stays known; the longest that browsers keep a cookie. */
const DEVICE_S = 400 * 24 * 3600;

/** Sessions of browsers: what the API answers, but for the refresh token, which lives in a cookie. */
@Injectable()
export class ConsoleSessionService {
  /**
   * A browser takes a cookie named so over HTTPS only; `__Host-` from nobody but this very host, whose every path then
   * gets it: below a path of their own, products on one host would take each other's.
   */
  private readonly prefix: '' | '__Host-' | '__Secure-';
  private readonly path: string;

  constructor(
    private readonly auth: AuthService,
    private readonly marks: DeviceMarks,
    config: HttpConfig,
  ) {
    const base = basePathOf(config);
    const isSecure = config.publicUrl?.startsWith('https:') === true;
    this.prefix = isSecure ? (base ? '__Secure-' : '__Host-') : '';
    this.path = this.prefix === '__Host-' ? '/' : `${base}${PATH}`;
  }

  /** @throws ApiError as signing in by the API does */
  async login(cookies: Cookies, device: Device, dto: LoginDto): Promise<ConsoleSessionDto> {
    const shown = this.marks.read(this.get(cookies, 'device') ?? '');
    // A mark that this user has not signed in with may be a stranger's, who has planted it: it never becomes known.
    const isOwn = shown !== undefined && (await this.auth.knowsBrowser(dto.email, shown.id));
    const mark = isOwn ? shown : this.marks.make();
    const session = await this.auth.login(dto, { ...device, id: mark.id });
    // Only now: a browser in which nobody has signed in stays unknown.
    this.set(cookies, 'device', mark.value, DEVICE_S);
    return this.hand(cookies, session);
  }

  /**
   * Goes on with a session that the API has started, by a token that no script sees.
   * @throws ApiError INVALID_REFRESH_TOKEN, REFRESH_TOKEN_REUSED, REFRESH_IN_PROGRESS
   */
  async adopt(cookies: Cookies, device: Device, refreshToken: string): Promise<ConsoleSessionDto> {
    return this.hand(cookies, await this.auth.refresh(refreshToken, device));
  }

  /** @throws ApiError INVALID_REFRESH_TOKEN, REFRESH_TOKEN_REUSED, REFRESH_IN_PROGRESS */
  async refresh(cookies: Cookies, device: Device): Promise<ConsoleSessionDto> {
    const refreshToken = this.get(cookies, 'session');
    if (!refreshToken) throw apiError(SessionErrors.INVALID_REFRESH_TOKEN);
    try {
      return this.hand(cookies, await this.auth.refresh(refreshToken, device));
    } catch (error) {
      // A token that will never be good again. One that is being refreshed at this moment gives way to a newer one.
      if (error instanceof ApiError && error.status === 401) this.set(cookies, 'session', '', 0);
      throw error;
    }
  }

  /** Ends the session of the cookie, if there is one, and the cookie. */
  async logout(cookies: Cookies): Promise<void> {
    const refreshToken = this.get(cookies, 'session');
    if (refreshToken) await this.end(refreshToken);
    this.set(cookies, 'session', '', 0);
  }

  private async end(refreshToken: string): Promise<void> {
    try {
      await this.auth.logout(refreshToken, undefined);
    } catch (error) {
      // A token that is of no use to anybody: the session is over already.
      if (!(error instanceof ApiError && error.status === 401)) throw error;
    }
  }

  private hand(cookies: Cookies, { refreshToken, ...session }: SignedInDto): ConsoleSessionDto {
    this.set(cookies, 'session', refreshToken, SESSION_S);
    return session;
  }

  private get(cookies: Cookies, name: 'session' | 'device'): string | undefined {
    return cookies.get(this.nameOf(name));
  }

  private set(cookies: Cookies, name: 'session' | 'device', value: string, maxAge: number): void {
    const secure = this.prefix !== '' || cookies.isSecure;
    cookies.set(this.nameOf(name), value, { path: this.path, maxAge, secure });
  }

  private nameOf(name: string): string {
    return `${this.prefix}${PRODUCT.key}_${name}`;
  }
}
