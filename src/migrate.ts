import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { runCommand } from './command.js';
import { unreachable } from './platform/database/start-refusals.js';
import { isOutage } from './platform/errors/driver-errors.js';
import { Migrations } from './platform/migrations/migrations.js';
import { reportOf } from './platform/migrations/state-report.js';
import { UpgradePrinter } from './platform/migrations/upgrade-printer.js';

const print = (text: string): boolean => process.stdout.write(text);

/** Migrates the database to the version of this code. */
async function up(migrations: Migrations): Promise<void> {
  const printer = new UpgradePrinter(print);
  try {
    await migrations.upgrade(printer.report);
  } finally {
    printer.stop();
  }
  print(reportOf(await migrations.inspect()));
}

/** Compares the database with this code; exit code 1 when it is older. */
async function status(migrations: Migrations): Promise<void> {
  const state = await migrations.inspect();
  print(reportOf(state));
  if (!state.isCurrent) process.exitCode = 1;
}

const COMMANDS: ReadonlyMap<string, (migrations: Migrations) => Promise<void>> = new Map([
  ['up', up],
  ['status', status],
]);

async function reachingDatabase(app: NestFastifyApplication, run: (migrations: Migrations) => Promise<void>) {
  try {
    await run(app.get(Migrations, { strict: false }));
  } catch (error) {
    throw isOutage(error) ? unreachable(error) : error;
  }
}

const [word = 'up', ...rest] = process.argv.slice(2);
const command = rest.length === 0 ? COMMANDS.get(word) : undefined;
if (command) {
  runCommand((app) => reachingDatabase(app, command));
} else {
  process.stderr.write(
    `Not understood: ${[word, ...rest].join(' ')}. Say \`migrate up\` or \`migrate status\`.\n`,
  );
  // EX_USAGE of sysexits.h.
  process.exitCode = 64;
}
