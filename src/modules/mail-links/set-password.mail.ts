import { linkMail, SINGLE_USE } from '../../platform/mail/link-mail.js';
import { PRODUCT } from '../../product/product.js';

export const setPassword = linkMail({
  purpose: 'set-password',
  path: '/reset',
  subject: `Welcome to ${PRODUCT.name}: choose your password`,
  before: [`An account at ${PRODUCT.name} was created for you.`, 'Choose your password here:'],
  after: [SINGLE_USE, 'If it has expired, ask for a new one where you sign in:', 'choose "Forgot password".'],
  isNamed: true,
});
