import { linkMail, SINGLE_USE } from '../../platform/mail/link-mail.js';
import { PRODUCT } from '../../product/product.js';

export const resetPassword = linkMail({
  purpose: 'reset-password',
  path: '/reset',
  subject: 'Choose a new password',
  before: [`Somebody, hopefully you, asked for a new password for ${PRODUCT.name}.`, 'Choose one here:'],
  after: [
    SINGLE_USE,
    'If you did not ask for this, you can ignore this mail:',
    'your password stays the same.',
  ],
});
