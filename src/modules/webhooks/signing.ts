import { randomBytes } from 'node:crypto';
import { Webhook as Signer } from 'standardwebhooks';
import type { Webhook } from './webhook.schema.js';

const SECRET_BYTES = 32;
/** How long the previous secret stays valid next to a new one. */
export const OVERLAP_MS = 24 * 60 * 60 * 1000;

export function newSecret(): string {
  return `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
}

/** The headers of Standard Webhooks: a signature by each secret that is valid at a time. */
export function signed(
  { secret, previousSecret, previousUntil }: Pick<Webhook, 'secret' | 'previousSecret' | 'previousUntil'>,
  id: string,
  body: string,
  now: Date,
): Record<string, string> {
  const isBothValid = previousSecret && previousUntil && previousUntil > now;
  const secrets = isBothValid ? [secret, previousSecret] : [secret];
  // Receivers compare it with their own clocks.
  const sentAt = new Date();
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(sentAt.getTime() / 1000)),
    'webhook-signature': secrets.map((each) => new Signer(each).sign(id, sentAt, body)).join(' '),
  };
}
