import { Env, type Fault } from '../../platform/config/env.js';
import { email, integer, oneOf, password } from '../../platform/config/kinds.js';
import { weaknessOf } from '../../platform/validation/passwords.js';

/** Registration, passwords and the first administrator. */
export class UsersConfig {
  /** `closed`: only administrators create users. */
  @Env('REGISTRATION', oneOf('open', 'closed'), { default: 'open' })
  readonly registration!: 'open' | 'closed';

  /** Cost of a password hash, as a power of two. Raise it as machines get faster; from 4 in test. */
  @Env('BCRYPT_ROUNDS', integer((mode) => (mode === 'test' ? 4 : 10), 15), { default: 12 })
  readonly bcryptRounds!: number;

  /** E-mail address of the first administrator, created before listening when there is none. Needs ADMIN_PASSWORD. */
  @Env('ADMIN_EMAIL', email(), { requires: 'ADMIN_PASSWORD' })
  readonly adminEmail?: string;

  /** Password of the first administrator. Remove both once you have signed in and changed it. */
  @Env('ADMIN_PASSWORD', password(), { requires: 'ADMIN_EMAIL' })
  readonly adminPassword?: string;

  /** A password that is valid on its own may contain a part of the address. */
  static faultsOf({ adminEmail, adminPassword }: UsersConfig): Fault[] {
    const problem = adminEmail && adminPassword && weaknessOf(adminPassword, adminEmail);
    return problem ? [{ variable: 'ADMIN_PASSWORD', problem }] : [];
  }
}
