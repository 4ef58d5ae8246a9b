import { Cron } from 'croner';
import type { Names } from '../naming/names.ts';
import { refuse } from '../naming/refusal.ts';
import { camelCase, capitalised, pascalCase, withArticle, wordsOf } from '../naming/words.ts';
import type { Field } from '../types/field.ts';
import { requireVerb } from './command.ts';
import { parseFields } from './fields.ts';

/** What starts an executor beside the code. */
export interface Starts {
  readonly route: boolean;
  readonly schedule: string | undefined;
}

/** An executor as it is to be generated. */
export interface Executor extends Starts {
  /** `remind` */
  readonly name: string;
  readonly method: string;
  /** `tickets.remind`, which never changes. */
  readonly type: string;
  /** `RemindTicket` where it is about a record, and otherwise `RemindTickets`. */
  readonly Class: string;
  readonly Input: string;
  /** What the route takes. */
  readonly Dto: string;
  readonly summary: string;
  /** Without the record that it is about. */
  readonly inputs: readonly Field[];
  /** The field that names the record: `ticketId`. */
  readonly about: string | undefined;
}

/** @throws Refusal for an executor that cannot be */
export function executorOf(names: Names, name: string, texts: readonly string[], starts: Starts): Executor {
  requireVerb(name, 'an executor');
  const { plural, record, Record, Feature, resource } = names;
  const all = parseFields(texts);
  for (const field of all) {
    const { name: input, server, unique, index, search, stats, existing, encrypted, type } = field;
    const isStored = server || unique || index || search || stats || encrypted;
    if (isStored || field.default !== undefined || existing !== undefined) {
      refuse(`${input} takes only required, list, min= and max=: the input of an executor is not a record`);
    }
    if (/Decimal128|StoredMoney/.test(type.typeSource(field, names))) {
      refuse(`${input} cannot be exact: the input of an executor is JSON, so use a string`);
    }
  }
  const own = all.find(({ target }) => target?.plural === plural);
  const { route, schedule } = starts;
  if (schedule !== undefined && (route || all.length > 0))
    refuse('A scheduled executor has no input and no route: leave out the fields and --route');
  if (schedule !== undefined) requireTimes(schedule);
  const about = own?.name ?? (route ? `${record}Id` : undefined);
  if (about !== own?.name && all.some((field) => field.name === about))
    refuse(`${about} is the id of the ${resource}, which the route passes on: leave it out`);
  const words = wordsOf(name);
  const Class = pascalCase(words) + (about === undefined ? Feature : Record);
  return {
    ...starts,
    name,
    method: camelCase(words),
    type: `${plural}.${name}`,
    Class,
    Input: `${Class}Input`,
    Dto: `${Class}Dto`,
    summary: `${capitalised(words.join(' '))} ${withArticle(resource)}`,
    inputs: all.filter((field) => field !== own),
    about,
  };
}

/** @throws Refusal for a schedule that is not valid, or that has seconds */
function requireTimes(schedule: string): void {
  try {
    if (new Cron(schedule, { paused: true, mode: '5-part' }).nextRun() !== null) return;
  } catch {
    // Its own message speaks of patterns.
  }
  refuse(
    `--schedule="${schedule}" is not a valid schedule: write five fields, such as "0 3 * * *", or @daily`,
  );
}
