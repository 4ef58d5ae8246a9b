import type { EventFields } from '../logging/events.js';

/** What nodemailer knows of a failure. */
interface MailFailure {
  readonly code?: unknown;
  /** Of the mail server. */
  readonly responseCode?: unknown;
  /** The mail server will not take this mail. */
  readonly permanent?: unknown;
}

/** Whether trying again may help. */
export function isTemporary(error: unknown): boolean {
  return (error as MailFailure).permanent !== true;
}

/** Names and numbers only: the text of an error quotes addresses. */
export function reasonOf(error: unknown): EventFields {
  const { code, responseCode } = error as MailFailure;
  const name = error instanceof Error ? error.name : undefined;
  return {
    reason: typeof code === 'string' ? code : name,
    status: typeof responseCode === 'number' ? responseCode : undefined,
  };
}
