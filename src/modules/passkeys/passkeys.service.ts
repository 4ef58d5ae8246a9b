import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { RegistrationResponseJSON } from '@simplewebauthn/server';
import { type Model, Types } from 'mongoose';
import { withOwnerLimit } from '../../platform/database/owner-limit.js';
import { InjectRecords } from '../../platform/database/records.module.js';
import type { Records } from '../../platform/database/records.js';
import { type Transaction, Transactions } from '../../platform/database/transactions.js';
import { apiError } from '../../platform/errors/errors.js';
import { DomainEvents } from '../../platform/logging/events.js';
import { scopeOf, type UserId } from '../../platform/access/caller.js';
import { NO_PRECONDITION } from '../../platform/validation/precondition.js';
import type { Page, PageQuery } from '../../platform/validation/page-query.js';
import { PRODUCT } from '../../product/product.js';
import { UsersService } from '../users/users.service.js';
import { WaysIn } from '../users/ways-in.js';
import { Challenges, LIFETIME_MS } from './challenges.js';
import type { AddPasskeyDto } from './passkey.dto.js';
import { PasskeyErrors } from './passkey.errors.js';
import { PasskeyEvents } from './passkey.events.js';
import { MAX_CREDENTIAL_ID, Passkey, passkeys } from './passkey.schema.js';
import { RelyingParty } from './relying-party.js';

/** Maximum number of passkeys per user. */
const MAX_PASSKEYS = 20;

const purposeOf = (owner: UserId): string => `register for ${owner}`;

/** The passkeys of users. */
@Injectable()
export class PasskeysService {
  constructor(
    @InjectModel(Passkey.name) private readonly model: Model<Passkey>,
    @InjectRecords(passkeys) private readonly records: Records<Passkey>,
    private readonly challenges: Challenges,
    private readonly party: RelyingParty,
    private readonly users: UsersService,
    private readonly ways: WaysIn,
    private readonly transactions: Transactions,
    private readonly events: DomainEvents,
  ) {
    ways.register((owner, { session }) =>
      model.countDocuments({ ownerId: new Types.ObjectId(owner) }).session(session),
    );
  }

  /** For a device that has none of the user's passkeys yet. @throws ApiError PASSKEYS_NOT_CONFIGURED */
  async options(owner: UserId): Promise<object> {
    const { id: rpID } = this.party;
    const { email, name } = await this.users.get(scopeOf(owner), owner);
    const ownerId = new Types.ObjectId(owner);
    const known = await this.model.find({ ownerId }).limit(MAX_PASSKEYS).lean<Passkey[]>();
    const { generateRegistrationOptions } = await import('@simplewebauthn/server');
    return generateRegistrationOptions({
      rpID,
      rpName: PRODUCT.name,
      userName: email,
      userDisplayName: name,
      userID: new Uint8Array(ownerId.id),
      challenge: this.challenges.make(purposeOf(owner)),
      timeout: LIFETIME_MS,
      excludeCredentials: known.map(({ credentialId: id, transports }) => ({ id, transports })),
      // Signing in requires no email address, and nothing else.
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    });
  }

  /** @throws ApiError PASSKEY_REFUSED, PASSKEY_TAKEN, PASSKEY_LIMIT_REACHED, PASSKEYS_NOT_CONFIGURED */
  async add(owner: UserId, dto: AddPasskeyDto, transaction?: Transaction): Promise<Passkey> {
    const { challenge, ...fields } = await this.verify(owner, dto.credential);
    const limit = { owner, max: MAX_PASSKEYS, refusal: () => apiError(PasskeyErrors.PASSKEY_LIMIT_REACHED) };
    return withOwnerLimit(this.transactions, this.model, limit, transaction, async (joined) => {
      // Together with the passkey: a client that sends the request again after a failure is not refused.
      const isFresh = await this.challenges.use(challenge, purposeOf(owner), joined);
      if (!isFresh) throw apiError(PasskeyErrors.PASSKEY_REFUSED);
      const ownerId = new Types.ObjectId(owner);
      const passkey = await this.records.insert({ ownerId, name: dto.name ?? 'Passkey', ...fields }, joined);
      const event = { userId: owner, recordId: passkey._id.toHexString() };
      joined.afterwards(() => this.events.record(PasskeyEvents.passkey_added, event));
      return passkey;
    });
  }

  /** @throws ApiError PASSKEY_NOT_FOUND */
  get(owner: UserId, id: string): Promise<Passkey> {
    return this.records.get(scopeOf(owner), id);
  }

  list(owner: UserId, query: PageQuery): Promise<Page<Passkey>> {
    return this.records.page(scopeOf(owner), query);
  }

  /** @throws ApiError PASSKEY_NOT_FOUND, LAST_WAY_IN for a user who could no longer sign in */
  async remove(owner: UserId, id: string): Promise<void> {
    await this.transactions.run(async (transaction) => {
      await this.records.require(scopeOf(owner), id, NO_PRECONDITION, transaction);
      await this.ways.requireAnother(owner, transaction);
      await this.records.remove(scopeOf(owner), id, NO_PRECONDITION, transaction);
    });
    this.events.record(PasskeyEvents.passkey_removed, { userId: owner, recordId: id });
  }

  /** The challenge and the fields of a new passkey, if they match each other, this user and host. */
  private async verify(
    owner: UserId,
    credential: unknown,
  ): Promise<
    { challenge: string } & Pick<
      Passkey,
      'credentialId' | 'publicKey' | 'counter' | 'transports' | 'backedUp'
    >
  > {
    const { id: expectedRPID } = this.party;
    const { verifyRegistrationResponse } = await import('@simplewebauthn/server');
    await requirePlain(credential);
    let challenge = '';
    const outcome = await verifyRegistrationResponse({
      response: credential as RegistrationResponseJSON,
      expectedChallenge: (shown) => this.challenges.isValid((challenge = shown), purposeOf(owner)),
      expectedOrigin: this.party.originsFor(credential),
      expectedRPID,
      requireUserVerification: true,
    }).catch((cause: unknown) => {
      throw apiError(PasskeyErrors.PASSKEY_REFUSED, { cause });
    });
    if (!outcome.verified) throw apiError(PasskeyErrors.PASSKEY_REFUSED);
    const { credential: key, credentialBackedUp: backedUp } = outcome.registrationInfo;
    if (key.id.length > MAX_CREDENTIAL_ID) throw apiError(PasskeyErrors.PASSKEY_REFUSED);
    const { transports = [] } = key;
    return {
      challenge,
      credentialId: key.id,
      publicKey: Buffer.from(key.publicKey).toString('base64url'),
      counter: key.counter,
      transports: transportsOf(transports),
      backedUp,
    };
  }
}

/**
 * Refuses attestation, which was not requested: it would make the server parse certificates of the client's choice, and
 * fetch revocation lists from addresses in them.
 * @throws ApiError PASSKEY_REFUSED
 */
async function requirePlain(credential: unknown): Promise<void> {
  const { decodeAttestationObject } = await import('@simplewebauthn/server/helpers');
  try {
    const { attestationObject } = (credential as RegistrationResponseJSON).response;
    const decoded = decodeAttestationObject(new Uint8Array(Buffer.from(attestationObject, 'base64url')));
    // Some devices send self-attestation without being asked.
    const isPlain = ['none', 'packed'].includes(decoded.get('fmt'));
    if (isPlain && decoded.get('attStmt').get('x5c') === undefined) return;
  } catch (cause) {
    throw apiError(PasskeyErrors.PASSKEY_REFUSED, { cause });
  }
  throw apiError(PasskeyErrors.PASSKEY_REFUSED);
}

/** Of what a client has written there, what could be the name of one. */
function transportsOf(sent: unknown): string[] {
  const isName = (each: unknown): each is string => typeof each === 'string' && /^[a-z-]{1,32}$/.test(each);
  return (Array.isArray(sent) ? sent : []).filter(isName).slice(0, 8);
}
