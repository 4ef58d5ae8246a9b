const HOUR_S = 60 * 60;

/** Lifetimes of access tokens and known devices. */
export class AuthConfig {
  /** Lifetime of an access token (JWT), in seconds. */
  readonly accessTokenLifetimeS: number = HOUR_S;

  /** How long a device counts as known after its last sign-in, in seconds. */
  readonly deviceMemoryS: number = 30 * 24 * HOUR_S;
}
