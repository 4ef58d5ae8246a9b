import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Config, ConfigError } from '../../platform/config/config.js';
import { ApiError } from '../../platform/errors/errors.js';
import { UsersService } from './users.service.js';

/** Creates the administrator that ADMIN_EMAIL and ADMIN_PASSWORD describe, when there is none. */
@Injectable()
export class FirstAdministrator implements OnApplicationBootstrap {
  constructor(
    private readonly config: Config,
    private readonly users: UsersService,
  ) {}

  /** @throws ConfigError when the address belongs to somebody else: nobody is promoted silently */
  async onApplicationBootstrap(): Promise<void> {
    const email = this.config.adminEmail?.toLowerCase();
    const password = this.config.adminPassword;
    if (!email || !password || (await this.isAdministrator(email))) return;
    if (await this.users.hasAdministrator()) return;
    try {
      await this.users.provision({ email, name: 'Administrator', password, role: 'admin' });
    } catch (error) {
      if (error instanceof ApiError && error.code === 'WEAK_PASSWORD') {
        throw new ConfigError([{ variable: 'ADMIN_PASSWORD', problem: 'is too easy to guess' }]);
      }
      // Another process that starts at the same time was first.
      if (!(error instanceof ApiError && error.code === 'EMAIL_TAKEN')) throw error;
      await this.isAdministrator(email);
    }
  }

  private async isAdministrator(email: string): Promise<boolean> {
    const user = await this.users.findByEmail(email);
    if (user && user.role !== 'admin') {
      throw new ConfigError([
        { variable: 'ADMIN_EMAIL', problem: 'belongs to a user who is no administrator; nobody is promoted' },
      ]);
    }
    return user !== null;
  }
}
