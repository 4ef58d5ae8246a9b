import { Injectable } from '@nestjs/common';
import { Types } from 'mongoose';
import { Config } from '../config/config.js';
import { KeyedMac } from '../crypto/keyed-mac.js';
import { SignedTokens } from '../crypto/signed-tokens.js';
import { apiError } from '../errors/errors.js';

/** The last record of a page: where the next page starts. */
export interface Position {
  readonly createdAt: Date;
  readonly _id: Types.ObjectId;
}

const POSITION_BYTES = 20;

/**
 * Cursors of lists: a position and a MAC over it and over what the list was made for (caller, list, filter),
 * so that a cursor is of use only to whom it was given, for the list that gave it.
 */
@Injectable()
export class Cursors {
  private readonly tokens: SignedTokens;

  constructor(config: Config) {
    const mac = new KeyedMac(config, 'list cursor');
    this.tokens = new SignedTokens(mac, { contentBytes: POSITION_BYTES, macBytes: 16 });
  }

  encode({ createdAt, _id }: Position, binding: string): string {
    const position = Buffer.alloc(POSITION_BYTES);
    position.writeBigInt64BE(BigInt(createdAt.getTime()));
    position.set(_id.id, 8);
    return this.tokens.sign(position, binding);
  }

  /** @throws ApiError INVALID_CURSOR for one that was changed, made up, or given for another list */
  decode(cursor: string, binding: string): Position {
    const position = this.tokens.open(cursor, binding);
    if (!position) throw apiError('INVALID_CURSOR');
    return {
      createdAt: new Date(Number(position.readBigInt64BE())),
      _id: new Types.ObjectId(position.subarray(8).toString('hex')),
    };
  }
}
