import { hash } from 'node:crypto';

/** SHA-256 as base64url: what is stored of a random token, which the digest does not give away. */
export function digestOf(token: string): string {
  return hash('sha256', token, 'base64url');
}
