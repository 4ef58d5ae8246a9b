import mongoose, { type Connection, type mongo } from 'mongoose';
import { APPLICATION } from '../../src/platform/database/connection.js';

/** The name of the tests' own connections: what they look up is no concern of the index contract. */
const TESTS = 'product-tests';

/** What MongoDB's profiler writes of an operation, as far as it matters here. */
export interface Profiled {
  readonly appName: string;
  readonly ns: string;
  readonly planSummary: string;
  readonly hasSortStage?: boolean;
  readonly docsExamined: number;
  readonly keysExamined: number;
  readonly command: mongo.Document;
}

/** A query of the application that went by no index, or sorted what an index should have given in order. */
const OFFENCE: mongo.Filter<Profiled> = {
  appName: APPLICATION,
  // A capped collection of a few rows, at whose end engines wait.
  ns: { $not: /\.execution_bells$/ },
  $or: [{ planSummary: /COLLSCAN/ }, { hasSortStage: true }],
};

/** Opens a connection for a test's own questions and has MongoDB note each offence in the application's database. */
export async function watchQueries(uri: string): Promise<Connection> {
  const connection = await mongoose.createConnection(uri, { autoIndex: false, appName: TESTS }).asPromise();
  // With a filter neither a time nor a sample counts: every query is looked at, and only offences are kept.
  await connection.db?.command({ profile: 1, filter: OFFENCE });
  return connection;
}

/** Every query that the application puts to a collection while something is done. */
export async function queriesDuring(
  { db }: Connection,
  collection: string,
  act: () => Promise<void>,
): Promise<Profiled[]> {
  if (!db) throw new Error('There is no connection');
  const ns = `${db.databaseName}.${collection}`;
  const since = new Date();
  await db.command({ profile: 2, filter: { appName: APPLICATION, ns } });
  await act();
  await db.command({ profile: 1, filter: OFFENCE });
  const during = { ns, ts: { $gte: since }, planSummary: { $exists: true } };
  return db.collection<Profiled>('system.profile').find(during).toArray();
}

function described({ ns, planSummary, hasSortStage, docsExamined, command }: Profiled): string {
  const { lsid: _lsid, $clusterTime: _time, $db: _db, ...asked } = command;
  const plan = hasSortStage ? `${planSummary} and a sort in memory` : planSummary;
  return `${ns} by ${plan}, ${docsExamined} documents examined: ${JSON.stringify(asked)}`;
}

/** Ends the watch. Throws when a query was an offence: it needs an index, or is to be asked otherwise. */
export async function refuseOffences({ db }: Connection): Promise<void> {
  await db?.command({ profile: 0 });
  const offences = await db?.collection<Profiled>('system.profile').find(OFFENCE).toArray();
  if (!offences?.length) return;
  const lines = [...new Set(offences.map(described))].slice(0, 20);
  throw new Error(
    `Add an index to the schema, or query by one that is there. Queries that no index serves:\n  ${lines.join('\n  ')}`,
  );
}
