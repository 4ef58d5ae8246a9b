const DAY_S = 24 * 60 * 60;

/** How long sessions last. */
export class SessionsConfig {
  /** Lifetime without a refresh, in seconds. */
  readonly idleS: number = 30 * DAY_S;

  /** Maximum lifetime from the sign-in, however often it is refreshed, in seconds. */
  readonly absoluteS: number = 90 * DAY_S;

  /** Maximum number per user. A further sign-in ends the least recently used ones. */
  readonly maxPerUser: number = 100;
}
