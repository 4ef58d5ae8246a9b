import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { digestOf } from '../../platform/crypto/digest.js';
import { apiError } from '../../platform/errors/errors.js';
import { OAuthCode } from './oauth-code.schema.js';
import { OAuthErrors } from './oauth.errors.js';
import type { Purpose } from './oauth-flows.js';

const LIFETIME_MS = 60_000;
/** By how much a code's lifetime is extended while its client asks for a second factor. */
const SECOND_FACTOR_MS = 5 * 60_000;

/** What a client sends to redeem a code. */
export interface Redemption {
  readonly code: string;
  readonly codeVerifier: string;
}

/** The codes that clients get through the browser, and redeem with their code verifier. */
@Injectable()
export class OAuthCodes {
  constructor(@InjectModel(OAuthCode.name) private readonly model: Model<OAuthCode>) {}

  async issue(content: Omit<OAuthCode, '_id' | 'expiresAt'>): Promise<string> {
    const code = randomBytes(32).toString('base64url');
    await this.model.create({
      ...content,
      _id: digestOf(code),
      expiresAt: new Date(Date.now() + LIFETIME_MS),
    });
    return code;
  }

  /**
   * Looks up a code, which stays valid until it is taken. A wrong verifier invalidates it.
   * @throws ApiError INVALID_OAUTH_CODE
   */
  async find({ code, codeVerifier }: Redemption, purpose: Purpose): Promise<OAuthCode> {
    const _id = digestOf(code);
    const found = await this.model.findOne({ _id, expiresAt: { $gt: new Date() } }).lean<OAuthCode>();
    if (found?.purpose === purpose && found.codeChallenge === digestOf(codeVerifier)) return found;
    if (found) await this.model.deleteOne({ _id });
    throw apiError(OAuthErrors.INVALID_OAUTH_CODE);
  }

  /** Uses a code up: of many at once, one succeeds. @throws ApiError INVALID_OAUTH_CODE */
  async take({ _id }: OAuthCode): Promise<void> {
    const { deletedCount } = await this.model.deleteOne({ _id, expiresAt: { $gt: new Date() } });
    if (deletedCount !== 1) throw apiError(OAuthErrors.INVALID_OAUTH_CODE);
  }

  /** Extends the lifetime once, to enter a code of the second factor. */
  async extend({ _id }: OAuthCode): Promise<void> {
    const later = new Date(Date.now() + SECOND_FACTOR_MS);
    await this.model.updateOne({ _id, isExtended: { $ne: true } }, { expiresAt: later, isExtended: true });
  }
}
