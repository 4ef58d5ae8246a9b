import { Injectable } from '@nestjs/common';
import { type Transaction, Transactions } from '../../platform/database/transactions.js';
import { apiError } from '../../platform/errors/errors.js';
import { scopeOf, type UserId } from '../../platform/access/caller.js';
import { UserErrors } from './user.errors.js';
import { UsersService } from './users.service.js';

/** Counts a user's ways to sign in of one kind. */
type Count = (owner: UserId, transaction: Transaction) => Promise<number>;

/** The ways to sign in besides a password. Modules that implement one register it. */
@Injectable()
export class WaysIn {
  private readonly counts: Count[] = [];

  constructor(
    private readonly users: UsersService,
    private readonly transactions: Transactions,
  ) {}

  register(count: Count): void {
    this.counts.push(count);
  }

  /**
   * To be called before one is removed, in the same transaction.
   * @throws ApiError LAST_WAY_IN if the user could no longer sign in
   */
  async requireAnother(owner: UserId, transaction: Transaction): Promise<void> {
    await this.transactions.lock(`ways in ${owner}`, transaction);
    if ((await this.users.get(scopeOf(owner), owner)).passwordHash !== undefined) return;
    let all = 0;
    for (const count of this.counts) all += await count(owner, transaction);
    if (all <= 1) throw apiError(UserErrors.LAST_WAY_IN);
  }
}
