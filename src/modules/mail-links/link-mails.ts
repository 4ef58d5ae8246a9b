import type { Mail } from '../../platform/mail/mail.js';
import type { Purpose } from './mail-link.schema.js';
import { PRODUCT } from '../../product/product.js';

/** Whom a link is mailed to. */
export interface Recipient {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  /** The session that asks for the link, where it matters. */
  readonly session?: string | undefined;
}

interface Text {
  /** Of the page that the link opens. */
  readonly path: string;
  readonly subject: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

const SINGLE_USE = 'The link works once, within 30 minutes.';

/** In ASCII, which every mail program shows as it is, and in lines that none breaks. */
const TEXTS: Readonly<Record<Purpose, Text>> = {
  'reset-password': {
    path: '/reset',
    subject: 'Choose a new password',
    before: [`Somebody, hopefully you, asked for a new password for ${PRODUCT.name}.`, 'Choose one here:'],
    after: [
      SINGLE_USE,
      'If you did not ask for it, you need not do anything:',
      'your password stays as it is.',
    ],
  },
  'set-password': {
    path: '/reset',
    subject: `Welcome to ${PRODUCT.name}: choose your password`,
    before: [`An account at ${PRODUCT.name} was made for you.`, 'Choose your password here:'],
    after: [
      SINGLE_USE,
      'If it has expired, ask for a new one where you sign in:',
      'choose "Forgot password".',
    ],
  },
  'verify-email': {
    path: '/verify',
    subject: 'Confirm your email address',
    before: [`This address was given for an account at ${PRODUCT.name}.`, 'Confirm that it is yours here:'],
    after: [SINGLE_USE, 'If you did not register, do not open it: whoever did would keep the account.'],
  },
  'change-email': {
    path: '/email-change',
    subject: 'Confirm your new email address',
    before: [
      'Somebody, hopefully you, wants this address for an account at',
      `${PRODUCT.name}. Confirm it here:`,
    ],
    after: [SINGLE_USE, 'If you did not ask for it, you need not do anything.'],
  },
};

/** What a user is told at the address that it wants to leave. Its link works for a week, and not only while it is new. */
const FORMER: Text = {
  path: '/email-undo',
  subject: 'Your email address is about to change',
  before: [
    'Somebody, hopefully you, asked to change the address of your account at',
    `${PRODUCT.name}. If it was you, you need not do anything.`,
    '',
    'If it was not you, keep this address and sign everybody out here:',
  ],
  after: ['The link works for 7 days, also when the address has changed.'],
};

/**
 * The mail that brings a link. The token stands in the fragment, which browsers keep to themselves, so that neither
 * logs nor a Referer hold it. Only the mail that an administrator causes has the name in it: anybody can register
 * anybody's address, and must not send it words of their own.
 * @param origin without a slash at the end
 */
export function composeLinkMail(purpose: Purpose, recipient: Recipient, origin: string, token: string): Mail {
  return compose(purpose, TEXTS[purpose], recipient, origin, token);
}

/** The mail that tells a user of a change of its address, with the link that undoes it. */
export function composeUndoMail(recipient: Recipient, origin: string, token: string): Mail {
  return compose('undo-email-change', FORMER, recipient, origin, token);
}

function compose(
  kind: string,
  { path, subject, before, after }: Text,
  recipient: Recipient,
  origin: string,
  token: string,
): Mail {
  const lines = [...before, '', `${origin}${path}#token=${token}`, '', ...after, ''];
  return {
    kind,
    userId: recipient.id,
    to: { name: kind === 'set-password' ? recipient.name : '', address: recipient.email },
    subject,
    text: lines.join('\n'),
  };
}
