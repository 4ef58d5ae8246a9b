/** A mail as it is composed: plain text. */
export interface Mail {
  /** What it is for, for the log: `reset-password`. */
  readonly kind: string;
  /** Whom it is for, for the log. */
  readonly userId: string;
  readonly to: { readonly name: string; readonly address: string };
  readonly subject: string;
  readonly text: string;
  /** It brings no link that expires: it is sent however late its turn comes, and shown as HTML, too. */
  readonly isNotice?: boolean;
}
