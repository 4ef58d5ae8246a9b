import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, Types } from 'mongoose';
import { duplicateKeyOf } from '../../platform/errors/driver-errors.js';
import { CryptoConfig } from '../../platform/crypto/crypto.config.js';
import { HttpConfig } from '../../platform/http/http.config.js';
import { digestOf } from '../../platform/crypto/digest.js';
import { KeyedMac } from '../../platform/crypto/keyed-mac.js';
import { publicOriginOf } from '../../platform/http/public-origin.js';
import type { Transaction } from '../../platform/database/transactions.js';
import { composeLinkMail, type LinkMail, type Recipient } from '../../platform/mail/link-mail.js';
import { Mailer } from '../../platform/mail/mailer.js';
import type { UserId } from '../../platform/access/caller.js';
import { MailLinksConfig } from './mail-links.config.js';
import { MailLink } from './mail-link.schema.js';

const TOKEN_BYTES = 32;

/** A redeemed link. */
export interface RedeemedLink {
  readonly owner: UserId;
  /** The address that it was mailed to. It is void once its owner has another one. */
  readonly email: string | undefined;
  /** The session that requested it, if any. */
  readonly session: string | undefined;
}

/** Mails single-use links, and redeems them. Whoever has a link can read its owner's mails. */
@Injectable()
export class MailLinksService {
  private readonly origin: string;
  private readonly mac: KeyedMac;

  constructor(
    @InjectModel(MailLink.name) private readonly model: Model<MailLink>,
    private readonly mailer: Mailer,
    private readonly config: MailLinksConfig,
    http: HttpConfig,
    crypto: CryptoConfig,
  ) {
    this.origin = publicOriginOf(http);
    this.mac = new KeyedMac(crypto, 'mail link');
  }

  /** @throws ApiError MAIL_NOT_CONFIGURED if no mail would be sent */
  requireMail(): void {
    this.mailer.requireConfigured();
  }

  /**
   * Mails a link after the response: the existing one for this owner, purpose and address, while it is valid.
   * @param find looks up the recipient, also after the response; null if nobody gets a mail
   */
  send(mail: LinkMail, find: () => Promise<Recipient | null>): void {
    this.mailer.send(mail.purpose, async () => {
      const recipient = await find();
      return recipient && composeLinkMail(mail, recipient, this.origin, await this.issue(mail, recipient));
    });
  }

  /** Mails a link with a token that the caller issues and redeems, after the response. */
  tell(mail: LinkMail, recipient: Recipient, token: string): void {
    this.mailer.send(mail.purpose, () =>
      Promise.resolve(composeLinkMail(mail, recipient, this.origin, token)),
    );
  }

  /** The valid link with this token, without using it up; null for any other token. */
  async find(token: string, mails: readonly LinkMail[]): Promise<RedeemedLink | null> {
    return linkOf(await this.model.findOne(valid(token, mails)).lean<MailLink>());
  }

  /** Uses up a valid link; null for any other token. Of many at once, one gets it. */
  async redeem(
    token: string,
    mails: readonly LinkMail[],
    transaction?: Transaction,
  ): Promise<RedeemedLink | null> {
    const session = transaction?.session ?? null;
    return linkOf(await this.model.findOneAndDelete(valid(token, mails), { session }).lean<MailLink>());
  }

  /** Invalidates the links that were mailed to a user for these purposes. */
  async revoke(owner: UserId, mails: readonly LinkMail[], transaction?: Transaction): Promise<void> {
    const ofOwner = {
      ownerId: new Types.ObjectId(owner),
      purpose: { $in: mails.map(({ purpose }) => purpose) },
    };
    await this.model.deleteMany(ofOwner).session(transaction?.session ?? null);
  }

  /** Extends the most recently mailed link, for requests that cause no further mail. */
  async keep(mail: LinkMail, recipient: Recipient): Promise<void> {
    await this.renew(mail, recipient);
  }

  /** A link that is still valid is mailed again: otherwise requests in somebody's name would invalidate it. */
  private async issue(mail: LinkMail, recipient: Recipient): Promise<string> {
    const { email, session } = recipient;
    for (let tries = 1; ; tries++) {
      const mailed = await this.renew(mail, recipient);
      if (mailed?.salt) return this.tokenOf(mailed.salt);
      const salt = randomBytes(TOKEN_BYTES).toString('base64url');
      const token = this.tokenOf(salt);
      const expiresAt = new Date(Date.now() + 1000 * this.config.linkLifetimeS);
      const { ownerId, purpose, ...still } = stillValid(mail, recipient);
      try {
        // Replaces one that is no longer valid. If another request has created one in the meantime, that is mailed.
        await this.model.updateOne(
          { ownerId, purpose, $nor: [{ ...still, salt: { $exists: true } }] },
          {
            $set: {
              salt,
              tokenHash: digestOf(token),
              email,
              expiresAt,
              ...(session !== undefined && { session }),
            },
          },
          { upsert: true },
        );
        return token;
      } catch (error) {
        if (!duplicateKeyOf(error) || tries === 3) throw error;
      }
    }
  }

  /** A link to a former address of its owner, or for another session, is replaced. */
  private renew(mail: LinkMail, recipient: Recipient): Promise<MailLink | null> {
    const expiresAt = new Date(Date.now() + 1000 * this.config.linkLifetimeS);
    return this.model.findOneAndUpdate(stillValid(mail, recipient), { $set: { expiresAt } }).lean<MailLink>();
  }

  /** Derived from the salt and a key of the server, so it cannot be computed from the database alone. */
  private tokenOf(salt: string): string {
    return this.mac.text(salt);
  }
}

function stillValid({ purpose }: LinkMail, { id, email, session }: Recipient) {
  const ownerId = new Types.ObjectId(id);
  return { ownerId, purpose, email, session: session ?? null, expiresAt: { $gt: new Date() } };
}

/** MongoDB removes expired links late, so the query checks the time. */
function valid(token: string, mails: readonly LinkMail[]): object {
  return {
    tokenHash: digestOf(token),
    purpose: { $in: mails.map(({ purpose }) => purpose) },
    expiresAt: { $gt: new Date() },
  };
}

function linkOf(link: MailLink | null): RedeemedLink | null {
  return link && { owner: link.ownerId.toHexString() as UserId, email: link.email, session: link.session };
}
