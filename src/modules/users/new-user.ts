import type { Actor } from '../../platform/access/caller.js';
import type { Role } from './roles.js';

/** The fields of a new user. */
export interface NewUser {
  /** In lower case. */
  readonly email: string;
  readonly name: string;
  /** Absent for users who choose one through a mailed link. */
  readonly password?: string | null;
  readonly role: Role;
  /** Whether the address is verified; false by default. */
  readonly emailVerified?: boolean;
  /** Who creates it, if not the user itself. */
  readonly by?: Actor;
}
