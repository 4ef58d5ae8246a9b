import { linkMail, SINGLE_USE } from '../../platform/mail/link-mail.js';
import { PRODUCT } from '../../product/product.js';

export const verifyEmail = linkMail({
  purpose: 'verify-email',
  path: '/verify',
  subject: 'Confirm your email address',
  before: [`This address was entered for an account at ${PRODUCT.name}.`, 'Confirm that it is yours here:'],
  after: [SINGLE_USE, 'If you did not register, do not open it: whoever did would keep the account.'],
});
