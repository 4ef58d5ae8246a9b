import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { apiError } from '../../platform/errors/errors.js';
import type { UserId } from '../../platform/access/caller.js';
import { mailboxOf, olderFormsOf } from '../../platform/validation/mailbox.js';
import { User } from './user.schema.js';
import { UserErrors } from './user.errors.js';

/** Whether no other user has a claim to an address. */
export type Reservation = (mailbox: string, owner: UserId | undefined) => Promise<boolean>;

/**
 * Finds users by their e-mail address. One mailbox has one account: addresses are stored in the form of `mailboxOf`.
 * Older accounts that share a mailbox keep their addresses, and sign in with them.
 */
@Injectable()
export class Mailboxes {
  private readonly reservations: Reservation[] = [];

  constructor(@InjectModel(User.name) private readonly model: Model<User>) {}

  /** Lets another module reserve addresses for their users. */
  reserve(isFree: Reservation): void {
    this.reservations.push(isFree);
  }

  /** @param typed in lower case, in any form */
  async find(typed: string): Promise<User | null> {
    const forms = [...new Set([typed, mailboxOf(typed)])];
    const found = await this.model.find({ email: { $in: forms } }).lean<User[]>();
    return found.find(({ email }) => email === typed) ?? found[0] ?? null;
  }

  /**
   * The unique index only refuses the same form.
   * @param owner who may have it
   * @throws ApiError EMAIL_TAKEN if the mailbox has an account under an older form of its address, or is reserved for
   * somebody
   */
  async requireFree(mailbox: string, owner?: UserId): Promise<void> {
    for (const isFree of [this.hasNoOlderForm, ...this.reservations]) {
      if (!(await isFree(mailbox, owner))) throw apiError(UserErrors.EMAIL_TAKEN);
    }
  }

  private readonly hasNoOlderForm: Reservation = async (mailbox, owner) => {
    const forms = olderFormsOf(mailbox);
    const others = owner === undefined ? {} : { _id: { $ne: owner } };
    return forms.length === 0 || !(await this.model.exists({ email: { $in: forms }, ...others }));
  };
}
