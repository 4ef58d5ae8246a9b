import { Env } from '../config/env.js';
import { secretOf } from '../config/kinds.js';

/** The secret that keys are derived from. */
export class CryptoConfig {
  /** Key that signs access tokens, ≥ 32 bytes (`openssl rand -base64 48`). Changing it signs everybody out. Outside production one is generated and kept in DATA_DIR. */
  @Env('JWT_SECRET', secretOf(32), { requiredInProduction: true, kept: { as: 'jwtSecret', bytes: 48 } })
  readonly jwtSecret!: string;
}
