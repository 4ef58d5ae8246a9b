import { Injectable } from '@nestjs/common';
import mongoose, { Types } from 'mongoose';
import { CryptoConfig } from '../crypto/crypto.config.js';
import { KeyedMac } from '../crypto/keyed-mac.js';
import { SignedTokens } from '../crypto/signed-tokens.js';
import { apiError } from '../errors/errors.js';

/** The position of the last record on a page, after which the next page starts. */
export interface Position {
  /** The value that the list is sorted by; by default the creation time. */
  readonly key: Date | string | number | boolean | Types.Decimal128 | Types.ObjectId | null;
  readonly _id: Types.ObjectId;
}

const { EJSON } = mongoose.mongo.BSON;

const ID_BYTES = 12;
/** A time of eight bytes and an id. Any other key takes more. */
const TIME_BYTES = 8 + ID_BYTES;

/**
 * Cursors of lists: a position and a MAC over it and over what the list was made for (caller, list, filter),
 * so that a cursor works only for the caller and the list it was made for.
 */
@Injectable()
export class Cursors {
  private readonly tokens: SignedTokens;

  constructor(config: CryptoConfig) {
    const mac = new KeyedMac(config, 'list cursor');
    this.tokens = new SignedTokens(mac, { macBytes: 16 });
  }

  encode(position: Position, binding: string): string {
    return this.tokens.sign(bytesOf(position), binding);
  }

  /** @throws ApiError INVALID_CURSOR for a cursor that was tampered with or issued for another list */
  decode(cursor: string, binding: string): Position {
    const position = this.tokens.open(cursor, binding);
    if (!position) throw apiError('INVALID_CURSOR');
    return positionIn(position);
  }
}

function bytesOf({ key, _id }: Position): Buffer {
  if (!(key instanceof Date)) return Buffer.concat([Buffer.from(EJSON.stringify({ key })), _id.id]);
  const bytes = Buffer.alloc(TIME_BYTES);
  bytes.writeBigInt64BE(BigInt(key.getTime()));
  bytes.set(_id.id, 8);
  return bytes;
}

function positionIn(bytes: Buffer): Position {
  const _id = new Types.ObjectId(bytes.subarray(-ID_BYTES).toString('hex'));
  if (bytes.length === TIME_BYTES) return { key: new Date(Number(bytes.readBigInt64BE())), _id };
  const { key } = EJSON.parse(bytes.subarray(0, -ID_BYTES).toString()) as Pick<Position, 'key'>;
  return { key, _id };
}
