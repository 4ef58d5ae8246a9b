import type { Actor } from '../../platform/access/caller.js';
import type { Role } from './roles.js';

/** What a new user starts with. */
export interface NewUser {
  /** In lower case. */
  readonly email: string;
  readonly name: string;
  /** Absent for users who choose one by a mailed link. */
  readonly password?: string | null;
  readonly role: Role;
  /** Whether mails are known to reach it; false when absent. */
  readonly emailVerified?: boolean;
  /** Who creates it, where that is not the user. */
  readonly by?: Actor;
}
