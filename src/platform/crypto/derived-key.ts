import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { CryptoConfig } from './crypto.config.js';
import { PRODUCT } from '../../product/product.js';

/**
 * Derives a separate key for each purpose from JWT_SECRET, so that a token made for one purpose is not accepted for
 * another. A KeyObject, since Node would create one from a buffer at each use, at six times the cost.
 */
export function deriveKey({ jwtSecret }: Pick<CryptoConfig, 'jwtSecret'>, purpose: string): KeyObject {
  return createSecretKey(new Uint8Array(hkdfSync('sha256', jwtSecret, '', `${PRODUCT.key} ${purpose}`, 32)));
}
