import { linkMail } from '../../platform/mail/link-mail.js';
import { PRODUCT } from '../../product/product.js';

/** What a user is told at the address that it wants to leave. Its link works for a week, and not only while it is new. */
export const undoEmailChange = linkMail({
  purpose: 'undo-email-change',
  path: '/email-undo',
  subject: 'Your email address is about to change',
  before: [
    'Somebody, hopefully you, asked to change the address of your account at',
    `${PRODUCT.name}. If it was you, you need not do anything.`,
    '',
    'If it was not you, keep this address and sign everybody out here:',
  ],
  after: ['The link works for 7 days, also when the address has changed.'],
});
