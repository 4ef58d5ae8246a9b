import { Cron } from 'croner';
import { DeclarationError } from '../../errors/start-error.js';

export interface ScheduleOptions {
  /** The time zone of the expression; UTC by default. */
  readonly timeZone?: string;
  /** For times that pass while no process runs: start once, late (default), or not at all. */
  readonly missed?: 'once' | 'skip';
}

export interface DeclaredSchedule extends Required<ScheduleOptions> {
  readonly cron: string;
}

const declared = new WeakMap<object, DeclaredSchedule>();

/** Starts an executor at set times, once in the cluster: `@Schedule('0 3 * * *', { timeZone: 'Europe/Berlin' })`. */
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
        `@Schedule('${cron}', { timeZone: '${timeZone}' }) above ${type.name}: ${(error as Error).message.replace(/\.$/, '')}; write five fields, such as '0 3 * * *', and a time zone such as 'Europe/Berlin'`,
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
  // Seconds are not for schedules: each time is an execution, and an entry of the database.
  return new Cron(cron, { timezone: timeZone, paused: true, mode: '5-part' }).nextRun(time);
}
