import { Env } from '../config/env.js';
import { type EncryptionKey, encryptionKeys } from './encryption-keys.js';

/** The keys of encrypted fields. */
export class EncryptionConfig {
  /** Keys that encrypt fields: 32 bytes as base64 (`openssl rand -base64 32`), or `kid:base64,kid2:base64`, of which the first encrypts. Outside production one is made and kept in DATA_DIR. */
  @Env('ENCRYPTION_KEY', encryptionKeys(), {
    requiredInProduction: true,
    kept: { as: 'encryptionKey', bytes: 32 },
  })
  readonly encryptionKeys!: readonly EncryptionKey[];
}
