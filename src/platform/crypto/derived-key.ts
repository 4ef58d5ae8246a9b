import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { CryptoConfig } from './crypto.config.js';
import { PRODUCT } from '../../product/product.js';

/**
 * A key of its own for each purpose, from JWT_SECRET: what one of them has made is of no use to another.
 * A KeyObject, since Node would make one of a buffer at each use, at six times the cost.
 */
export function deriveKey({ jwtSecret }: Pick<CryptoConfig, 'jwtSecret'>, purpose: string): KeyObject {
  return createSecretKey(new Uint8Array(hkdfSync('sha256', jwtSecret, '', `${PRODUCT.key} ${purpose}`, 32)));
}
