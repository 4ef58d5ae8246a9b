import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, Types } from 'mongoose';
import { Config } from '../../platform/config/config.js';
import { publicOriginOf } from '../../platform/config/public-origin.js';
import { Mailer } from '../../platform/mail/mailer.js';
import type { UserId } from '../../platform/security/caller.js';
import { composeLinkMail, type Recipient } from './link-mails.js';
import { MailLink, type Purpose } from './mail-link.schema.js';

const LIFETIME_MS = 30 * 60 * 1000;
const TOKEN_BYTES = 32;

/** Mails single-use links, and redeems them. Whoever has a link can read its owner's mails. */
@Injectable()
export class MailLinksService {
  private readonly origin: string;

  constructor(
    @InjectModel(MailLink.name) private readonly model: Model<MailLink>,
    private readonly mailer: Mailer,
    config: Config,
  ) {
    this.origin = publicOriginOf(config);
  }

  /** @throws ApiError MAIL_NOT_CONFIGURED where no mail would be sent */
  requireMail(): void {
    this.mailer.requireConfigured();
  }

  /**
   * Mails a link after the answer to the request; the one that its owner had for the same purpose ends.
   * @param find the recipient, looked for after the answer as well; null when nobody gets a mail
   */
  send(purpose: Purpose, find: () => Promise<Recipient | null>): void {
    this.mailer.send(purpose, async () => {
      const recipient = await find();
      return (
        recipient && composeLinkMail(purpose, recipient, this.origin, await this.issue(purpose, recipient))
      );
    });
  }

  /** Whose link with this token is valid, without using it up; null for any other token. */
  async ownerOf(token: string, purposes: readonly Purpose[]): Promise<UserId | null> {
    return ownerIn(await this.model.findOne(valid(token, purposes), { ownerId: 1 }).lean<MailLink>());
  }

  /** Uses up a valid link and answers whose it was; null for any other token. Of many at once, one gets it. */
  async redeem(token: string, purposes: readonly Purpose[]): Promise<UserId | null> {
    return ownerIn(await this.model.findOneAndDelete(valid(token, purposes)).lean<MailLink>());
  }

  /** Ends what was mailed to a user for these purposes. */
  async revoke(owner: UserId, purposes: readonly Purpose[]): Promise<void> {
    await this.model.deleteMany({ ownerId: new Types.ObjectId(owner), purpose: { $in: purposes } });
  }

  private async issue(purpose: Purpose, { id }: Recipient): Promise<string> {
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    const expiresAt = new Date(Date.now() + LIFETIME_MS);
    await this.model.updateOne(
      { ownerId: new Types.ObjectId(id), purpose },
      { $set: { tokenHash: hashOf(token), expiresAt } },
      { upsert: true },
    );
    return token;
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

/** MongoDB removes expired links late, so that the time is part of the question. */
function valid(token: string, purposes: readonly Purpose[]): object {
  return { tokenHash: hashOf(token), purpose: { $in: purposes }, expiresAt: { $gt: new Date() } };
}

function ownerIn(link: MailLink | null): UserId | null {
  return link && (link.ownerId.toHexString() as UserId);
}
