import { linkMail } from '../../platform/mail/link-mail.js';
import { PRODUCT } from '../../product/product.js';

/** Sent to the previous address. Its link works for a week, even after the change. */
export const undoEmailChange = linkMail({
  purpose: 'undo-email-change',
  path: '/email-undo',
  subject: 'Your email address is about to change',
  before: [
    'Somebody, hopefully you, asked to change the address of your account at',
    `${PRODUCT.name}. If it was you, you can ignore this mail.`,
    '',
    'If it was not you, keep this address and end all sessions here:',
  ],
  after: ['The link works for 7 days, even after the address has changed.'],
});
