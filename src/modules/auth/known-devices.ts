import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import { type Model, Types } from 'mongoose';
import type { Budget } from '../../platform/limits/attempts.js';
import { CryptoConfig } from '../../platform/crypto/crypto.config.js';
import { KeyedMac } from '../../platform/crypto/keyed-mac.js';
import type { Device } from '../../platform/http/device.js';
import { networkOf } from '../../platform/http/client-address.js';
import type { UserId } from '../../platform/access/caller.js';
import { AuthConfig } from './auth.config.js';
import { KnownDevice } from './known-device.schema.js';

/** Maximum number of devices and addresses per user. */
const MAX_DEVICES = 50;

/**
 * Remembers the IP addresses and marked browsers that a user has signed in from. Guesses from elsewhere use up other
 * budgets, so they cannot lock the user out.
 */
@Injectable()
export class KnownDevices {
  private readonly mac: KeyedMac;

  constructor(
    @InjectModel(KnownDevice.name) private readonly model: Model<KnownDevice>,
    private readonly config: AuthConfig,
    crypto: CryptoConfig,
  ) {
    this.mac = new KeyedMac(crypto, 'known device');
  }

  /**
   * The budgets that a sign-in attempt counts against.
   * @param email in lower case; if no account has it, the lookup takes just as long
   */
  async budgetsOf(email: string, device: Device): Promise<Budget[]> {
    const known = await this.find(email, device);
    if (known !== undefined) return [['device', known]];
    return [
      ['address', networkOf(device.address)],
      ['account', email],
    ];
  }

  /** The key of the device, if the user with this address has signed in with it; `email` as above. */
  async find(email: string, device: Device): Promise<string | undefined> {
    const ids = this.idsOf(email, device);
    const known = await this.model
      .find({ _id: { $in: ids }, expiresAt: { $gt: new Date() } }, { _id: 1 })
      .lean<Pick<KnownDevice, '_id'>[]>();
    // A browser's mark is more specific than an IP address, which others may share.
    return ids.find((id) => known.some(({ _id }) => _id === id));
  }

  /** Whether this user has signed in with this mark; a mark belongs to one user only. */
  async has(email: string, mark: string): Promise<boolean> {
    const _id = this.idOf(email, ['device', mark]);
    return (await this.model.exists({ _id, expiresAt: { $gt: new Date() } })) !== null;
  }

  /** Remembers the device, and forgets all but the fifty most recent ones. */
  async remember(owner: UserId, email: string, device: Device): Promise<void> {
    const expiresAt = new Date(Date.now() + 1000 * this.config.deviceMemoryS);
    await this.model.bulkWrite(
      this.idsOf(email, device).map((_id) => ({
        updateOne: {
          filter: { _id },
          update: { $set: { ownerId: new Types.ObjectId(owner), expiresAt } },
          upsert: true,
        },
      })),
    );
    const all = await this.model.find({ ownerId: new Types.ObjectId(owner) }).lean<KnownDevice[]>();
    const oldest = all.toSorted((a, b) => b.expiresAt.getTime() - a.expiresAt.getTime()).slice(MAX_DEVICES);
    if (oldest.length > 0) await this.model.deleteMany({ _id: { $in: oldest.map(({ _id }) => _id) } });
  }

  private idsOf(email: string, { id, address }: Device): string[] {
    const marks = id === undefined ? [] : [['device', id]];
    return [...marks, ['address', networkOf(address)]].map((mark) => this.idOf(email, mark));
  }

  private idOf(email: string, mark: readonly string[]): string {
    return this.mac.text(JSON.stringify([email, ...mark]));
  }
}
