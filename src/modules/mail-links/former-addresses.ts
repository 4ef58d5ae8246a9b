import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { digestOf } from '../../platform/crypto/digest.js';
import { InjectRecords } from '../../platform/database/records.module.js';
import type { Records } from '../../platform/database/records.js';
import type { Transaction } from '../../platform/database/transactions.js';
import type { UserId } from '../../platform/access/caller.js';
import { olderFormsOf } from '../../platform/validation/mailbox.js';
import { MailLinksConfig } from './mail-links.config.js';
import { FormerAddress, formerAddresses } from './former-address.schema.js';
import { Mailboxes } from '../users/mailboxes.js';
import type { User } from '../users/users.service.js';

const TOKEN_BYTES = 32;

/** The former addresses of users, each reserved for its user for a week. */
@Injectable()
export class FormerAddresses {
  constructor(
    @InjectModel(FormerAddress.name) private readonly model: Model<FormerAddress>,
    @InjectRecords(formerAddresses) private readonly records: Records<FormerAddress>,
    private readonly config: MailLinksConfig,
    mailboxes: Mailboxes,
  ) {
    mailboxes.reserve((email, owner) => this.isFree(email, owner));
  }

  /** Reserves a user's current address, and returns the token that restores it. */
  async keep({ _id, email, passwordHash }: User): Promise<string> {
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    const expiresAt = new Date(Date.now() + 1000 * this.config.undoLifetimeS);
    await this.records.insert({
      ownerId: _id,
      email,
      tokenHash: digestOf(token),
      passwordMark: passwordMarkOf(passwordHash),
      expiresAt,
    });
    return token;
  }

  /** The address that a valid token restores; null for any other token. */
  find(token: string, { session }: Transaction): Promise<FormerAddress | null> {
    return this.model
      .findOne({ tokenHash: digestOf(token), expiresAt: { $gt: new Date() } })
      .session(session)
      .lean<FormerAddress>();
  }

  /** Whether a user's password is the same as when the change was requested. */
  isSamePassword({ passwordMark }: FormerAddress, { passwordHash }: User): boolean {
    return passwordMarkOf(passwordHash) === passwordMark;
  }

  /** Deletes an address and all later ones of its user: the earliest owner wins. */
  async forgetSince({ ownerId, createdAt }: FormerAddress, { session }: Transaction): Promise<void> {
    await this.model.deleteMany({ ownerId, createdAt: { $gte: createdAt } }, { session });
  }

  /**
   * Whether an address is not reserved for somebody else. It is reserved before its user gives it up, so nobody can
   * take it in between.
   */
  private async isFree(email: string, owner: UserId | undefined): Promise<boolean> {
    const kept = await this.model
      .find(
        { email: { $in: [email, ...olderFormsOf(email)] }, expiresAt: { $gt: new Date() } },
        { ownerId: 1 },
      )
      .lean<FormerAddress[]>();
    return kept.every(({ ownerId }) => ownerId.toHexString() === owner);
  }
}

/** A fingerprint of a password hash. */
function passwordMarkOf(passwordHash = ''): string {
  return digestOf(passwordHash);
}
