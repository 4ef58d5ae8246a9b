import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Types } from 'mongoose';
import { Config } from '../config/config.js';
import { deriveKey } from '../crypto/derived-key.js';
import { apiError } from '../errors/errors.js';

/** The last record of a page: where the next page starts. */
export interface Position {
  readonly createdAt: Date;
  readonly _id: Types.ObjectId;
}

const MAC_BYTES = 16;
const POSITION_BYTES = 20;
/** 36 bytes as base64url have no spare bits, so a cursor has exactly one spelling. */
const FORM = /^[\w-]{48}$/;

/**
 * Cursors of lists: a position and a MAC over it and over what the list was made for (caller, list, filter),
 * so that a cursor is of use only to whom it was given, for the list that gave it.
 */
@Injectable()
export class Cursors {
  private readonly key: KeyObject;

  constructor(config: Config) {
    this.key = deriveKey(config, 'list cursor');
  }

  encode({ createdAt, _id }: Position, binding: string): string {
    const position = Buffer.alloc(POSITION_BYTES);
    position.writeBigInt64BE(BigInt(createdAt.getTime()));
    position.set(_id.id, 8);
    return Buffer.concat([position, this.mac(position, binding)]).toString('base64url');
  }

  /** @throws ApiError INVALID_CURSOR for one that was changed, made up, or given for another list */
  decode(cursor: string, binding: string): Position {
    const bytes = FORM.test(cursor) ? Buffer.from(cursor, 'base64url') : Buffer.alloc(0);
    const position = bytes.subarray(0, POSITION_BYTES);
    const mac = bytes.subarray(POSITION_BYTES);
    if (mac.length !== MAC_BYTES || !timingSafeEqual(mac, this.mac(position, binding))) {
      throw apiError('INVALID_CURSOR');
    }
    return {
      createdAt: new Date(Number(position.readBigInt64BE())),
      _id: new Types.ObjectId(position.subarray(8).toString('hex')),
    };
  }

  private mac(position: Buffer, binding: string): Buffer {
    return createHmac('sha256', this.key).update(position).update(binding).digest().subarray(0, MAC_BYTES);
  }
}
