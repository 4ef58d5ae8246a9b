import type { Migration } from '../platform/migrations/migration.js';
import { userFlags } from './0001-user-flags.js';
import { mailboxForms } from './0002-mailbox-forms.js';

/** Every migration in the order in which they are applied: the next one goes to the end. */
export const migrations: readonly Migration[] = [userFlags, mailboxForms];
