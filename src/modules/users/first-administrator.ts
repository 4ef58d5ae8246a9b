import { SYSTEM } from '../../platform/access/caller.js';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { ConfigError } from '../../platform/config/config.js';
import { ApiError } from '../../platform/errors/errors.js';
import { Migrations } from '../../platform/migrations/migrations.js';
import type { UserId } from '../../platform/access/caller.js';
import { Administrators } from './administrators.js';
import { TRUSTED } from './password-hasher.js';
import { UsersConfig } from './users.config.js';
import { UserAddresses } from './user-addresses.js';
import { UsersService } from './users.service.js';

/** Creates the administrator that ADMIN_EMAIL and ADMIN_PASSWORD describe, when there is none. */
@Injectable()
export class FirstAdministrator implements OnApplicationBootstrap {
  constructor(
    private readonly config: UsersConfig,
    private readonly users: UsersService,
    private readonly administrators: Administrators,
    private readonly addresses: UserAddresses,
    private readonly migrations: Migrations,
  ) {}

  /** @throws ConfigError if the address belongs to another user, who is not promoted silently */
  async onApplicationBootstrap(): Promise<void> {
    // Reports the fault at startup, even if the unique index on addresses has yet to be created.
    if (await this.isMissing()) await this.migrations.whenCurrent(() => this.create());
  }

  private async create(): Promise<void> {
    const { adminEmail: email, adminPassword: password } = this.config;
    if (!email || !password || !(await this.isMissing())) return;
    try {
      // The operator vouches for the address.
      const fields = { email, name: 'Administrator', password, role: 'admin', emailVerified: true } as const;
      await this.users.provision({ ...fields, by: SYSTEM.actor }, TRUSTED);
    } catch (error) {
      // Another process that is starting at the same time was first.
      if (!(error instanceof ApiError && error.code === 'EMAIL_TAKEN')) throw error;
      await this.isMissing();
    }
  }

  /** Whether an administrator is configured but none exists. */
  private async isMissing(): Promise<boolean> {
    const email = this.config.adminEmail;
    const password = this.config.adminPassword;
    if (!email || !password || (await this.isAdministrator(email))) return false;
    return !(await this.administrators.exist());
  }

  private async isAdministrator(email: string): Promise<boolean> {
    const user = await this.users.findByEmail(email);
    if (user && user.role !== 'admin') {
      throw new ConfigError([
        { variable: 'ADMIN_EMAIL', problem: 'belongs to a user who is no administrator; nobody is promoted' },
      ]);
    }
    // The operator vouches for the address; older releases did not mark it as verified.
    if (user && !user.emailVerified) {
      await this.migrations.whenCurrent(() =>
        this.addresses.verify(user._id.toHexString() as UserId, user.email),
      );
    }
    return user !== null;
  }
}
