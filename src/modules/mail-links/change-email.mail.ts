import { linkMail, SINGLE_USE } from '../../platform/mail/link-mail.js';
import { PRODUCT } from '../../product/product.js';

export const changeEmail = linkMail({
  purpose: 'change-email',
  path: '/email-change',
  subject: 'Confirm your new email address',
  before: [
    'Somebody, hopefully you, wants to use this address for an account at',
    `${PRODUCT.name}. Confirm it here:`,
  ],
  after: [SINGLE_USE, 'If you did not ask for this, you can ignore this mail.'],
});
