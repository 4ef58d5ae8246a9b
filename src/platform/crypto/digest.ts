import { hash } from 'node:crypto';

/** SHA-256 as base64url: what is stored in place of a random token. The digest does not reveal the token. */
export function digestOf(token: string): string {
  return hash('sha256', token, 'base64url');
}
