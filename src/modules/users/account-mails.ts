import { Injectable } from '@nestjs/common';
import type { Types } from 'mongoose';
import type { Transaction } from '../../platform/database/transactions.js';
import { apiError } from '../../platform/errors/errors.js';
import type { UserId } from '../../platform/access/caller.js';
import type { User } from './user.schema.js';

/** A mail that a feature composes, sent only to a verified address of an enabled user. */
export interface Notice {
  /** Its name in the log and in the outbox: `webhook-paused`. */
  readonly kind: string;
  readonly subject: string;
  /** Of any length; an empty one separates paragraphs. */
  readonly lines: readonly string[];
  /** The path of a page, whose URL is added below the lines: `/console/tickets/66f1a0c2e4b0a1b2c3d4e5f7`. */
  readonly path?: `/${string}`;
}

/** Whom a notice is for, as records and their events have it. Nobody if it is absent or the id of an organization. */
export type Reader = Types.ObjectId | string | null | undefined;

/** Mails to users. The module that sends them registers its implementation. */
export interface Mails {
  /** @throws ApiError MAIL_NOT_CONFIGURED where no mail would be sent */
  requireConfigured(): void;
  /** Mails a user without a password a link to choose one. */
  invite(user: User): void;
  /** Mails a link that verifies the address to somebody who has registered. */
  welcome(user: User): void;
  /** Ends the links that set a password. */
  passwordChanged(owner: UserId): Promise<void>;
  /** Ends the links of a user who may no longer sign in. */
  disabled(owner: UserId, transaction: Transaction): Promise<void>;
  /**
   * Mails a user a notice: with what the transaction writes, or else after the response. Nothing is sent without a mail
   * server. Features call this, too.
   */
  tell(reader: Reader, notice: Notice, transaction?: Transaction): Promise<void>;
}

/** Mails to users; does nothing in a product without `MailLinksModule`. */
@Injectable()
export class AccountMails implements Mails {
  private mails: Mails | undefined;

  register(mails: Mails): void {
    this.mails = mails;
  }

  requireConfigured(): void {
    if (!this.mails) throw apiError('MAIL_NOT_CONFIGURED');
    this.mails.requireConfigured();
  }

  invite(user: User): void {
    this.mails?.invite(user);
  }

  welcome(user: User): void {
    this.mails?.welcome(user);
  }

  async passwordChanged(owner: UserId): Promise<void> {
    await this.mails?.passwordChanged(owner);
  }

  async disabled(owner: UserId, transaction: Transaction): Promise<void> {
    await this.mails?.disabled(owner, transaction);
  }

  async tell(reader: Reader, notice: Notice, transaction?: Transaction): Promise<void> {
    await this.mails?.tell(reader, notice, transaction);
  }
}
