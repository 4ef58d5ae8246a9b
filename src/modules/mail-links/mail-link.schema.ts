import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import type { Types } from 'mongoose';
import { CredentialOwner, OwnedRecord, RECORD_OPTIONS } from '../../platform/database/record.js';

/** A link that was mailed to its owner and has not been used yet. */
@Schema({ ...RECORD_OPTIONS, collection: 'mail_links' })
export class MailLink extends OwnedRecord {
  @CredentialOwner('entrance')
  override ownerId!: Types.ObjectId;

  /** The purpose of its mail. */
  @Prop({ type: String, required: true })
  purpose!: string;

  /** The salt of the token; absent in links of an older release. */
  @Prop({ type: String })
  salt?: string;

  /** SHA-256 of the token in the link, as base64url. */
  @Prop({ type: String, required: true })
  tokenHash!: string;

  /** To which it was mailed; absent in links of an older release. */
  @Prop({ type: String, maxlength: 254 })
  email?: string;

  /** The session that requested it, if any. */
  @Prop({ type: String })
  session?: string;

  /** From then on the link is invalid. */
  @Prop({ type: Date, required: true })
  expiresAt!: Date;
}

export const MailLinkSchema = SchemaFactory.createForClass(MailLink);

// Mailing a link: it replaces the one that its owner has for the same purpose.
MailLinkSchema.index({ ownerId: 1, purpose: 1 }, { unique: true });
// Looking at a link that somebody has opened, and redeeming it.
MailLinkSchema.index({ tokenHash: 1 }, { unique: true });
// No query: MongoDB deletes expired records, but late, so every query checks the time as well.
MailLinkSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 });
