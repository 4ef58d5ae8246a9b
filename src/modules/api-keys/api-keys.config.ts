const DAY_S = 24 * 60 * 60;

/** How many API keys a user has, and how long. */
export class ApiKeysConfig {
  /** Of a key whose maker says nothing, in seconds. */
  readonly lifetimeS: number = 90 * DAY_S;

  /** Most of a user. */
  readonly maxPerUser: number = 50;
}
