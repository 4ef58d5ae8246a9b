const HOUR_S = 60 * 60;

/** How long what signing in gives is good for. */
export class AuthConfig {
  /** Of an access token, in seconds. */
  readonly accessTokenLifetimeS: number = HOUR_S;

  /** How long a device is known after it has signed in, in seconds. */
  readonly deviceMemoryS: number = 30 * 24 * HOUR_S;
}
