import { DatabaseConfig } from './platform/config/database.config.js';
import { loadConfig } from './platform/config/load.js';
import { ProcessConfig } from './platform/config/process.config.js';
import { addressOf } from './embedded-mongo/access.js';
import { EmbeddedMongoError } from './embedded-mongo/embedded-mongo-error.js';
import { endWith } from './program.js';

const USAGE = `npm run mongo

Prints the connection string of the embedded MongoDB while the server runs, for mongosh or MongoDB Compass. It holds
the password, which is made anew at each start: whoever has the line has the database.
`;

/** `npm run mongo`: standard output gets the connection string and nothing else. */
async function tell(): Promise<void> {
  const config = loadConfig();
  const { mongodbUri } = config.of(DatabaseConfig);
  if (mongodbUri !== undefined) {
    throw new EmbeddedMongoError(
      'MONGODB_URI is set, so there is no embedded MongoDB: connect to what it names.',
    );
  }
  const uri = await addressOf(config.of(ProcessConfig).dataDir);
  process.stderr.write('With the password of this start; whoever has this line has the database:\n');
  process.stdout.write(`${uri}\n`);
}

const words = process.argv.slice(2);
if (words.length === 0) tell().catch(endWith);
else if (words.every((word) => word === '--help' || word === '-h')) process.stdout.write(USAGE);
else {
  process.stderr.write(`Not understood: ${words.join(' ')}.\n\n${USAGE}`);
  // EX_USAGE of sysexits.h.
  process.exitCode = 64;
}
