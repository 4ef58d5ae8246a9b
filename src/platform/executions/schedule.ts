import { Cron } from 'croner';
import { DeclarationError } from '../errors/start-error.js';

export interface ScheduleOptions {
  /** Whose time the expression is in: UTC unless told. */
  readonly timeZone?: string;
  /** What becomes of a time that passed while nothing ran: it starts once, late (default), or not at all. */
  readonly missed?: 'once' | 'skip';
}

export interface DeclaredSchedule extends Required<ScheduleOptions> {
  readonly cron: string;
}

const declared = new WeakMap<object, DeclaredSchedule>();

/** Has an executor start by itself, once in the whole cluster: `@Schedule('0 3 * * *', { timeZone: 'Europe/Berlin' })`. */
export function Schedule(
  cron: string,
  { timeZone = 'UTC', missed = 'once' }: ScheduleOptions = {},
): ClassDecorator {
  return (type) => {
    const schedule = { cron, timeZone, missed };
    try {
      if (nextAfter(schedule, new Date()) === null) throw new Error('it never comes');
    } catch (error) {
      throw new DeclarationError(
        `@Schedule('${cron}', { timeZone: '${timeZone}' }) above ${type.name}: ${(error as Error).message}; write five fields, such as '0 3 * * *', and a time zone such as 'Europe/Berlin'`,
      );
    }
    declared.set(type, schedule);
  };
}

export function scheduleOf(type: object): DeclaredSchedule | undefined {
  return declared.get(type);
}

/** The next time after another one. */
export function nextAfter(
  { cron, timeZone }: Pick<DeclaredSchedule, 'cron' | 'timeZone'>,
  time: Date,
): Date | null {
  return new Cron(cron, { timezone: timeZone, paused: true }).nextRun(time);
}
