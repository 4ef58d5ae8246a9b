import { type DynamicModule, Module } from '@nestjs/common';
import type { Migration } from './migration.js';
import { MIGRATIONS, Migrations } from './migrations.js';

/**
 * Brings the database to the version of the code: migrations in the order of their names, a ledger of those that were applied, a lock so
 * that of many processes one does it, and at last the indexes that schemas declare.
 */
@Module({})
export class MigrationsModule {
  /** @param migrations in the order in which they are applied */
  static forRoot(migrations: readonly Migration[]): DynamicModule {
    return {
      module: MigrationsModule,
      global: true,
      providers: [{ provide: MIGRATIONS, useValue: migrations }, Migrations],
      exports: [Migrations],
    };
  }
}
