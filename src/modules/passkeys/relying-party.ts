import { isIP } from 'node:net';
import { Injectable } from '@nestjs/common';
import { apiError } from '../../platform/errors/errors.js';
import { ProcessConfig } from '../../platform/config/process.config.js';
import { HttpConfig } from '../../platform/http/http.config.js';
import { PasskeyErrors } from './passkey.errors.js';

/** Browsers treat it as secure, even without https. */
const LOCAL = 'localhost';

/** The host that browsers bind passkeys to: that of PUBLIC_URL or, without one in development, this machine. */
@Injectable()
export class RelyingParty {
  private readonly host: string | undefined;
  /** The origin of pages that may use them. */
  private readonly origins: readonly string[];

  constructor({ publicUrl, corsOrigins }: HttpConfig, { mode }: ProcessConfig) {
    const { hostname, origin } = new URL(publicUrl ?? `http://${LOCAL}`);
    const isNamed = isIP(hostname) === 0 && !hostname.startsWith('[');
    this.host = isNamed && (publicUrl !== undefined || mode !== 'production') ? hostname : undefined;
    const isBelow = (other: string) => `.${new URL(other).hostname}`.endsWith(`.${hostname}`);
    this.origins = publicUrl === undefined ? [] : [origin, ...corsOrigins.filter(isBelow)];
  }

  /** @throws ApiError PASSKEYS_NOT_CONFIGURED */
  get id(): string {
    if (this.host === undefined) throw apiError(PasskeyErrors.PASSKEYS_NOT_CONFIGURED);
    return this.host;
  }

  /**
   * The origins that a credential may come from.
   * @param credential unchecked; without PUBLIC_URL, any port of this machine that it names
   */
  originsFor(credential: unknown): string[] {
    if (this.origins.length > 0) return [...this.origins];
    const origin = originOf(credential);
    return URL.canParse(origin) && new URL(origin).hostname === LOCAL ? [origin] : [];
  }
}

/** The browser's data about the page, which the device has signed. */
function originOf(credential: unknown): string {
  const { response } = { ...(credential as { readonly response?: unknown } | null) };
  const { clientDataJSON } = { ...(response as { readonly clientDataJSON?: unknown } | null) };
  try {
    const data = JSON.parse(Buffer.from(String(clientDataJSON), 'base64url').toString()) as unknown;
    const { origin } = { ...(data as { readonly origin?: unknown } | null) };
    return typeof origin === 'string' ? origin : '';
  } catch {
    return '';
  }
}
