import { migrationsIn } from '../platform/migrations/folder.js';

/** Every migration of this folder, in the order in which they are applied. */
export const migrations = migrationsIn(import.meta.dirname);
