import type { Mail } from '../../platform/mail/mail.js';
import type { Purpose } from './mail-link.schema.js';

/** Whom a link is mailed to. */
export interface Recipient {
  readonly id: string;
  readonly email: string;
  readonly name: string;
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
    before: ['Somebody, hopefully you, asked for a new password for Flowversal.', 'Choose one here:'],
    after: [
      SINGLE_USE,
      'If you did not ask for it, you need not do anything:',
      'your password stays as it is.',
    ],
  },
  'set-password': {
    path: '/reset',
    subject: 'Welcome to Flowversal: choose your password',
    before: ['An account at Flowversal was made for you.', 'Choose your password here:'],
    after: [
      SINGLE_USE,
      'If it has expired, ask for a new one where you sign in:',
      'choose "Forgot password".',
    ],
  },
  'verify-email': {
    path: '/verify',
    subject: 'Confirm your email address',
    before: ['This address was given for an account at Flowversal.', 'Confirm that it is yours here:'],
    after: [SINGLE_USE, 'If you did not register, you need not do anything.'],
  },
};

/**
 * The mail that brings a link. The token stands in the fragment, which browsers keep to themselves, so that neither
 * logs nor a Referer hold it. Only the mail that an administrator causes has the name in it: anybody can register
 * anybody's address, and must not send it words of their own.
 * @param origin without a slash at the end
 */
export function composeLinkMail(purpose: Purpose, recipient: Recipient, origin: string, token: string): Mail {
  const { path, subject, before, after } = TEXTS[purpose];
  const lines = [...before, '', `${origin}${path}#token=${token}`, '', ...after, ''];
  return {
    kind: purpose,
    userId: recipient.id,
    to: { name: purpose === 'set-password' ? recipient.name : '', address: recipient.email },
    subject,
    text: lines.join('\n'),
  };
}
