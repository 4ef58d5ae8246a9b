import { Env } from '../../platform/config/env.js';
import { issuedKey, secretOf, url } from '../../platform/config/kinds.js';

/** Which Supabase project may sign users in. */
export class SupabaseConfig {
  /** Address of a Supabase project whose access tokens are accepted. Needs SUPABASE_ANON_KEY. */
  @Env('SUPABASE_URL', url('https', 'http'), { requires: 'SUPABASE_ANON_KEY' })
  readonly supabaseUrl?: string;

  /** Public key of that Supabase project. Needs SUPABASE_URL. */
  @Env('SUPABASE_ANON_KEY', issuedKey(), { requires: 'SUPABASE_URL' })
  readonly supabaseAnonKey?: string;

  /** Only for a Supabase project that still signs tokens with the legacy HS256 secret. */
  @Env('SUPABASE_JWT_SECRET', secretOf(32), { requires: 'SUPABASE_URL' })
  readonly supabaseJwtSecret?: string;
}
