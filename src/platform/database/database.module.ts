import { Global, Module } from '@nestjs/common';
import { getConnectionToken } from '@nestjs/mongoose';
import { Memberships } from '../access/memberships.js';
import { AbandonedTransactions } from './abandoned-transactions.js';
import { Database } from './connection.js';
import { ChangeFeed } from './change-feed.js';
import { Cursors } from './cursor.js';
import { createConnection, FieldEncryption } from './field-encryption.js';
import { LiveCaches } from './live-cache.js';
import { OwnedRecords } from './owned-records.js';
import { OwnerRemovals } from './owner-removals.js';
import { References } from './references.js';
import { Repositories } from './repositories.js';
import { ChangeEvents } from './change-events.js';
import { Transactions } from './transactions.js';
import { Transfers } from './transfers.js';

const PROVIDED = [
  Cursors,
  References,
  Repositories,
  AbandonedTransactions,
  Transactions,
  OwnedRecords,
  OwnerRemovals,
  ChangeFeed,
  LiveCaches,
  Memberships,
  ChangeEvents,
  Transfers,
];

/** The connection, and repositories that restrict every feature's records to their owners. */
@Global()
@Module({
  providers: [
    {
      provide: getConnectionToken(),
      useFactory: createConnection,
      inject: [{ token: FieldEncryption, optional: true }],
    },
    Database,
    ...PROVIDED,
  ],
  exports: [getConnectionToken(), ...PROVIDED],
})
export class DatabaseModule {}
