import { linkMail } from '../../platform/mail/link-mail.js';
import { PRODUCT } from '../../product/product.js';

/**
 * Names neither the sender nor the organization, so that nobody can mail their own text to strangers. The page shows
 * both.
 */
export const invitation = linkMail({
  purpose: 'invitation',
  path: '/invitation',
  subject: `You are invited to an organization at ${PRODUCT.name}`,
  before: [
    `You have been invited to join an organization at ${PRODUCT.name}.`,
    'Sign in or register with this address, and accept here:',
  ],
  after: [
    'The link works once, within 7 days.',
    'If you do not know what this is about, you can ignore this mail.',
  ],
});
