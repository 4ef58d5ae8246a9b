import { BEHIND, type DatabaseState } from './database-state.js';
import { adviceFor } from './upgrade.js';

const UNDECLARED = 'declared by no schema: nothing uses it, and nothing drops it by itself';

/** 2026-11-25 04:00:17 UTC */
function timeOf(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function migrationRows({ migrations, newer }: DatabaseState): [string, string][] {
  const known = migrations.map(({ name, appliedAt }): [string, string] => [
    name,
    appliedAt ? `applied ${timeOf(appliedAt)}` : 'pending',
  ]);
  const others = newer.map(({ name, appliedAt }): [string, string] => [
    name,
    `applied ${timeOf(appliedAt)} by another version of the code`,
  ]);
  return [...known, ...others];
}

/** Only what differs: an index that is as its schema declares it is no news. */
function indexRows({ indexes }: DatabaseState): [string, string][] {
  return indexes.flatMap(({ collection, missing, changed, undeclared }) => [
    ...missing.map(({ name }): [string, string] => [`${collection}.${name}`, 'missing']),
    ...changed.map(({ found, differences }): [string, string] => [
      `${collection}.${found.name}`,
      `differs from its schema: ${differences.join(', ')}`,
    ]),
    ...undeclared.map(({ name }): [string, string] => [`${collection}.${name}`, UNDECLARED]),
  ]);
}

function table(title: string, rows: readonly [string, string][]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.length === 0
    ? []
    : [title, ...rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`), ''];
}

/** The state of a database as a table for people. The last line says whether anything needs to be done. */
export function reportOf(state: DatabaseState): string {
  const advice = state.indexes.flatMap(({ collection, changed }) =>
    changed.map((index) => adviceFor(collection, index)),
  );
  const verdict = state.isCurrent ? 'The database is up to date.' : BEHIND;
  return [
    ...table('Migrations', migrationRows(state)),
    ...table('Indexes', indexRows(state)),
    ...advice,
    verdict,
    '',
  ].join('\n');
}
