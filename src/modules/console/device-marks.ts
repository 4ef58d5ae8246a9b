import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { CryptoConfig } from '../../platform/crypto/crypto.config.js';
import { KeyedMac } from '../../platform/crypto/keyed-mac.js';
import { SignedTokens } from '../../platform/crypto/signed-tokens.js';

const ID_BYTES = 16;

/** What tells one browser from another: a random id and a MAC over it, so that only the product makes them. */
export interface DeviceMark {
  readonly id: string;
  /** What the browser keeps. */
  readonly value: string;
}

/** Makes and reads the marks of browsers. */
@Injectable()
export class DeviceMarks {
  private readonly tokens: SignedTokens;

  constructor(config: CryptoConfig) {
    const mac = new KeyedMac(config, 'console device');
    this.tokens = new SignedTokens(mac, { contentBytes: ID_BYTES, macBytes: 32 });
  }

  make(): DeviceMark {
    const id = randomBytes(ID_BYTES);
    return { id: id.toString('base64url'), value: this.tokens.sign(id) };
  }

  /** Undefined for what the product did not make. */
  read(value: string): DeviceMark | undefined {
    const id = this.tokens.open(value)?.toString('base64url');
    return id === undefined ? undefined : { id, value };
  }
}
