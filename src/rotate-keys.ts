import { getConnectionToken } from '@nestjs/mongoose';
import mongoose, { type Connection } from 'mongoose';
import { runCommand } from './command.js';
import { StartError } from './platform/errors/start-error.js';
import { FieldCipher } from './platform/encryption/field-cipher.js';
import { encryptedFieldsIn, rotateKeys } from './platform/encryption/key-rotation.js';
import { isOutage, LENIENT_DECODING } from './platform/errors/driver-errors.js';
import { reportRotation, showRotation } from './platform/encryption/rotation-report.js';

const OUTAGE = 'The database that MONGODB_URI names does not answer. Run it again to go on.';

/** `npm run keys:rotate`: re-encrypts every value with the first key of ENCRYPTION_KEY, while servers run. */
runCommand(async (app, uri) => {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const fields = encryptedFieldsIn(app.get<Connection>(getConnectionToken()));
  const client = new mongoose.mongo.MongoClient(uri, {
    ...LENIENT_DECODING,
    readPreference: 'primary',
    writeConcern: { w: 'majority', journal: true },
  });
  try {
    const progress = showRotation(process.stderr);
    const rotated = await rotateKeys(client.db(), fields, app.get(FieldCipher), progress, stop.signal);
    progress.end();
    process.stdout.write(`${reportRotation(rotated)}\n`);
    if (rotated.end !== 'complete' || rotated.unreadable.length > 0) process.exitCode = 1;
  } catch (error) {
    throw isOutage(error) ? new StartError(OUTAGE, { cause: error }) : error;
  } finally {
    await client.close();
  }
});
