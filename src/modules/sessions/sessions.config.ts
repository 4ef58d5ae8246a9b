const DAY_S = 24 * 60 * 60;

/** How long sessions last. */
export class SessionsConfig {
  /** Without a refresh, in seconds. */
  readonly idleS: number = 30 * DAY_S;

  /** From the sign-in on, however often they are refreshed, in seconds. */
  readonly absoluteS: number = 90 * DAY_S;

  /** Most of a user. A further sign-in ends the least recently used ones. */
  readonly maxPerUser: number = 100;
}
