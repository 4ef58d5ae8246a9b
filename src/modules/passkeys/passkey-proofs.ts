import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { AuthenticationResponseJSON } from '@simplewebauthn/server';
import type { Model } from 'mongoose';
import { apiError } from '../../platform/errors/errors.js';
import { DomainEvents } from '../../platform/logging/events.js';
import type { UserId } from '../../platform/access/caller.js';
import { Challenges, LIFETIME_MS } from './challenges.js';
import { PasskeyErrors } from './passkey.errors.js';
import { PasskeyEvents } from './passkey.events.js';
import { MAX_CREDENTIAL_ID, Passkey } from './passkey.schema.js';
import { RelyingParty } from './relying-party.js';

const PURPOSE = 'sign in';

/** Verifies signatures of passkeys. The library for it is loaded on first use. */
@Injectable()
export class PasskeyProofs {
  constructor(
    @InjectModel(Passkey.name) private readonly model: Model<Passkey>,
    private readonly challenges: Challenges,
    private readonly party: RelyingParty,
    private readonly events: DomainEvents,
  ) {}

  /** For any passkey that the browser has for this host. @throws ApiError PASSKEYS_NOT_CONFIGURED */
  async options(): Promise<object> {
    const { id: rpID } = this.party;
    const { generateAuthenticationOptions } = await import('@simplewebauthn/server');
    return generateAuthenticationOptions({
      rpID,
      challenge: this.challenges.make(PURPOSE),
      userVerification: 'required',
      timeout: LIFETIME_MS,
    });
  }

  /**
   * Verifies a passkey's response, which includes the user's presence and verification, and uses up its challenge.
   * @throws ApiError INVALID_PASSKEY, PASSKEYS_NOT_CONFIGURED
   */
  async require(credential: unknown): Promise<Passkey> {
    const { id: rpID } = this.party;
    const response = responseOf(credential);
    const passkey = response && (await this.model.findOne({ credentialId: response.id }).lean<Passkey>());
    if (!passkey) throw apiError(PasskeyErrors.INVALID_PASSKEY);
    const { verifyAuthenticationResponse } = await import('@simplewebauthn/server');
    let challenge = '';
    const { verified, authenticationInfo } = await verifyAuthenticationResponse({
      response,
      expectedChallenge: (shown) => this.challenges.isValid((challenge = shown), PURPOSE),
      expectedOrigin: this.party.originsFor(credential),
      expectedRPID: rpID,
      credential: {
        id: passkey.credentialId,
        publicKey: new Uint8Array(Buffer.from(passkey.publicKey, 'base64url')),
        counter: passkey.counter,
      },
      requireUserVerification: true,
    }).catch((cause: unknown) => this.refuse(passkey, reasonOf(cause), cause));
    if (!verified) return this.refuse(passkey, 'signature');
    if (!isOf(passkey, response)) return this.refuse(passkey, 'user');
    if (!(await this.challenges.use(challenge, PURPOSE))) return this.refuse(passkey, 'challenge');
    return this.count(passkey, authenticationInfo);
  }

  /** Whether a passkey still exists and belongs to the user. */
  async holds({ _id }: Passkey, owner: UserId): Promise<boolean> {
    const passkey = await this.model.findById(_id, { ownerId: 1 }).lean<Passkey>();
    return passkey?.ownerId.toHexString() === owner;
  }

  /** Of two uses with the same count, one is accepted. Devices that do not count always send 0. */
  private async count(
    passkey: Passkey,
    { newCounter, credentialBackedUp }: { readonly newCounter: number; readonly credentialBackedUp: boolean },
  ): Promise<Passkey> {
    const counts = newCounter === 0 ? { counter: 0 } : { counter: { $lt: newCounter } };
    const change = { counter: newCounter, backedUp: credentialBackedUp, lastUsedAt: new Date() };
    // A second use in the same millisecond changes nothing.
    const { matchedCount } = await this.model.updateOne({ _id: passkey._id, ...counts }, change, {
      timestamps: false,
    });
    return matchedCount === 1 ? passkey : this.refuse(passkey, 'counter');
  }

  private refuse({ _id, ownerId }: Passkey, reason: string, cause?: unknown): never {
    const event = { userId: ownerId.toHexString(), recordId: _id.toHexString(), reason };
    this.events.record(PasskeyEvents.passkey_refused, event);
    throw apiError(PasskeyErrors.INVALID_PASSKEY, { cause });
  }
}

/** Checks only what is needed to look up the passkey; the library checks the rest. */
function responseOf(credential: unknown): AuthenticationResponseJSON | undefined {
  const { id, response } = { ...(credential as Partial<AuthenticationResponseJSON> | null) };
  const isId = typeof id === 'string' && id.length <= MAX_CREDENTIAL_ID;
  const isWhole = isId && typeof response === 'object' && response !== null;
  return isWhole ? (credential as AuthenticationResponseJSON) : undefined;
}

/** The device names the user that it was registered for. */
function isOf({ ownerId }: Passkey, { response }: AuthenticationResponseJSON): boolean {
  return response.userHandle === Buffer.from(ownerId.id).toString('base64url');
}

/** A word for the log; the library's messages quote what was sent. */
function reasonOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : '';
  return (
    ['counter', 'challenge', 'origin', 'RP ID', 'verif'].find((word) => message.includes(word)) ?? 'form'
  );
}
