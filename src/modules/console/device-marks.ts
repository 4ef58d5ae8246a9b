import { createHmac, type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../../platform/config/config.js';
import { deriveKey } from '../../platform/crypto/derived-key.js';

const ID_BYTES = 16;
const MAC_BYTES = 32;
/** 48 bytes as base64url have no spare bits, so a mark has exactly one spelling. */
const FORM = /^[\w-]{64}$/;

/** What tells one browser from another: a random id and a MAC over it, so that only the product makes them. */
export interface DeviceMark {
  readonly id: string;
  /** What the browser keeps. */
  readonly value: string;
}

/** Makes and reads the marks of browsers. */
@Injectable()
export class DeviceMarks {
  private readonly key: KeyObject;

  constructor(config: Config) {
    this.key = deriveKey(config, 'console device');
  }

  make(): DeviceMark {
    const id = randomBytes(ID_BYTES);
    return { id: id.toString('base64url'), value: Buffer.concat([id, this.mac(id)]).toString('base64url') };
  }

  /** Undefined for what the product did not make. */
  read(value: string): DeviceMark | undefined {
    if (!FORM.test(value)) return undefined;
    const bytes = Buffer.from(value, 'base64url');
    const id = bytes.subarray(0, ID_BYTES);
    if (!timingSafeEqual(bytes.subarray(ID_BYTES), this.mac(id))) return undefined;
    return { id: id.toString('base64url'), value };
  }

  private mac(id: Buffer): Buffer {
    return createHmac('sha256', this.key).update(id).digest().subarray(0, MAC_BYTES);
  }
}
