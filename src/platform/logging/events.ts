import type { Logger } from 'pino';
import { requestContext } from './request-context.js';

interface EventEntry {
  readonly level: 'info' | 'warn';
  /** When it is written, for people who read logs; docs/operations.md lists it. */
  readonly about: string;
}

/** Every domain event that is logged (`event` of a line). Names are for programs and never change. */
export const EVENTS = {
  user_registered: { level: 'info', about: 'Somebody registered.' },
  user_created: {
    level: 'info',
    about: 'An administrator created a user, or the start created the first one.',
  },
  user_rights_changed: {
    level: 'warn',
    about:
      'A user was given another role, was disabled or enabled; `role` and `disabled` are what it has now.',
  },
  user_deleted: { level: 'warn', about: 'A user was deleted, with so many `records` that belonged to it.' },
  password_changed: { level: 'info', about: 'A user changed its password; its other sessions ended.' },
  password_reset: {
    level: 'warn',
    about: 'A password was set by a mailed link; all sessions of the user ended.',
  },
  email_verified: { level: 'info', about: 'A user showed that mails to its address arrive.' },
  mail_sent: {
    level: 'info',
    about: 'A mail was given to the mail server, or written to the outbox; `kind` says which.',
  },
  mail_failed: {
    level: 'warn',
    about: 'A mail was given up; `reason` is the kind of error, `status` what the mail server answered.',
  },
  login_succeeded: { level: 'info', about: 'A user signed in.' },
  login_failed: { level: 'warn', about: 'A sign-in was refused; `userId` only when the account exists.' },
  attempt_delayed: {
    level: 'warn',
    about:
      'Somebody guessed wrong too often and has to wait; `budget` says whether an account, a device or an address.',
  },
  session_ended: { level: 'info', about: 'A session was ended: by signing out, or from another one.' },
  sessions_ended: {
    level: 'warn',
    about: 'All sessions of a user but the present one were ended, `count` of them.',
  },
  credentials_removed: {
    level: 'warn',
    about:
      'A user lost `count` sessions, keys and the like at once: it was disabled, or whoever reads the mails to its address took the account over.',
  },
  identity_proved: { level: 'info', about: 'A user proved its identity again in a session.' },
  email_change_requested: {
    level: 'warn',
    about: 'A user asked for another address; nothing has changed yet.',
  },
  email_changed: { level: 'warn', about: 'A user has another address; its other sessions ended.' },
  email_change_undone: {
    level: 'warn',
    about: 'A user has its former address again, by the link that was mailed there; all sessions ended.',
  },
  refresh_token_reused: {
    level: 'warn',
    about:
      'Tokens were used that had been replaced, or the one before them was: somebody has a copy. The session was ended.',
  },
  refresh_answered_again: {
    level: 'info',
    about: 'A refresh token was used again, and nobody had used what came of it: that got lost.',
  },
  otp_enabled: { level: 'info', about: 'A user turned on its second factor.' },
  otp_disabled: { level: 'warn', about: 'A user turned off its second factor.' },
  otp_refused: {
    level: 'warn',
    about:
      'The password was right and the code of the second factor was not: somebody may have the password.',
  },
  recovery_code_used: { level: 'warn', about: 'A user showed a recovery code instead of a code of its app.' },
  api_key_created: { level: 'info', about: 'A user created an API key.' },
  api_key_deleted: { level: 'info', about: 'A user deleted an API key.' },
  identity_linked: {
    level: 'info',
    about: 'A Supabase identity was linked to a user: by the user, or because the user was created for it.',
  },
  identity_unlinked: { level: 'info', about: 'A user unlinked a Supabase identity.' },
  record_created: { level: 'info', about: 'A record was created.' },
  record_updated: { level: 'info', about: 'A record was changed.' },
  record_deleted: { level: 'info', about: 'A record was deleted.' },
  foreign_access: { level: 'warn', about: 'A permission was used to read or write records of others.' },
} as const satisfies Record<string, EventEntry>;

export type EventName = keyof typeof EVENTS;

/** Ids and counts that describe an event. Never an e-mail address, a name or any other content. */
export type EventFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Writes domain events to the log, each with the id of the request that caused it. */
export class DomainEvents {
  constructor(private readonly logger: Logger) {}

  record(event: EventName, fields: EventFields): void {
    const requestId = requestContext.getStore()?.requestId;
    this.logger[EVENTS[event].level]({ event, requestId, ...fields });
  }
}
