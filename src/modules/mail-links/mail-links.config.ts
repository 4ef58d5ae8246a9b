const MINUTE_S = 60;
const DAY_S = 24 * 60 * MINUTE_S;

/** How long mailed links are valid; the texts of the mails say so, too. */
export class MailLinksConfig {
  /** Of a link that works once, in seconds. */
  readonly linkLifetimeS: number = 30 * MINUTE_S;

  /** How long a change of address can be undone, in seconds. */
  readonly undoLifetimeS: number = 7 * DAY_S;
}
