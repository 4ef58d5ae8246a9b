import type { Logger } from 'pino';
import { requestContext } from './request-context.js';

interface EventEntry {
  readonly level: 'info' | 'warn';
  /** When it is written, for people who read logs; docs/operations.md lists it. */
  readonly about: string;
}

/** A domain event (`event` of a line). Names are for programs and never change. */
export interface EventDefinition extends EventEntry {
  readonly name: string;
}

/** The domain events of a feature by their names: `this.events.record(TicketEvents.ticket_closed, { userId })`. */
export function defineEvents<const Name extends string>(
  entries: Readonly<Record<Name, EventEntry>>,
): Readonly<Record<Name, EventDefinition>> {
  const definitions = Object.entries<EventEntry>(entries).map(([name, entry]) => [name, { name, ...entry }]);
  return Object.fromEntries(definitions) as Record<Name, EventDefinition>;
}

/** The domain events of the platform. A feature declares its own with `defineEvents`. */
export const EVENTS = defineEvents({
  mail_sent: {
    level: 'info',
    about: 'A mail was given to the mail server, or written to the outbox; `kind` says which.',
  },
  mail_failed: {
    level: 'warn',
    about: 'A mail was given up; `reason` is the kind of error, `status` what the mail server answered.',
  },
  attempt_delayed: {
    level: 'warn',
    about:
      'Somebody guessed wrong too often and has to wait; `budget` says whether an account, a device or an address.',
  },
  credentials_removed: {
    level: 'warn',
    about:
      'A user lost `count` sessions, keys and the like at once: it was disabled, or whoever reads the mails to its address took the account over.',
  },
  records_removed: {
    level: 'info',
    about: 'What belonged to a deleted user or organization was removed: `count` records of `ownerId`.',
  },
  record_created: { level: 'info', about: 'A record was created.' },
  record_updated: { level: 'info', about: 'A record was changed.' },
  record_deleted: { level: 'info', about: 'A record was deleted.' },
  record_restored: { level: 'info', about: 'A deleted record was restored from the trash.' },
  foreign_access: { level: 'warn', about: 'A permission was used to read or write records of others.' },
});

export type EventName = keyof typeof EVENTS;

/** Ids and counts that describe an event. Never an e-mail address, a name or any other content. */
export type EventFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Writes domain events to the log, each with the id of the request that caused it. */
export class DomainEvents {
  constructor(private readonly logger: Logger) {}

  record(event: EventName | EventDefinition, fields: EventFields): void {
    const { name, level } = typeof event === 'string' ? EVENTS[event] : event;
    const { requestId, traceId } = requestContext.getStore() ?? {};
    this.logger[level]({ event: name, requestId, traceId, ...fields });
  }
}
