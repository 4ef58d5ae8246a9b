import { domainToASCII } from 'node:url';
import type { mongo } from 'mongoose';
import type { Migration } from '../platform/migrations/migration.js';

/** In lower case and composed (NFC), with the domain in ASCII: `x@münchen.de` → `x@xn--mnchen-3ya.de`. */
function mailboxOf(stored: string): string {
  const address = stored.normalize('NFC').toLowerCase().normalize('NFC');
  const at = address.lastIndexOf('@');
  const domain = address.slice(at + 1);
  if (!/[^\0-\x7f]/.test(domain) || /[^a-z\d.\-\u0080-\u{10ffff}]/u.test(domain)) return address;
  const ascii = domainToASCII(domain);
  return ascii === '' ? address : `${address.slice(0, at)}@${ascii}`;
}

interface StoredUser {
  readonly _id: mongo.ObjectId;
  readonly email: string;
}

/**
 * Addresses of users get the one form that all spellings of a mailbox share. Where several users have one mailbox, they
 * stay as they are, each with its own sign-in: which of them to keep, and what becomes of the records of the others, is
 * for people to decide. The ids of such users are told.
 */
export const mailboxForms: Migration = {
  name: '0002-mailbox-forms',
  async up({ db, progress, notice }) {
    const users = db.collection<StoredUser>('users');
    const byMailbox = new Map<string, StoredUser[]>();
    const fields = { projection: { email: 1 }, sort: { _id: 1 } } as const;
    for await (const user of users.find({ email: /[^\0-\x7f]/ }, fields)) {
      const mailbox = mailboxOf(user.email);
      byMailbox.set(mailbox, [...(byMailbox.get(mailbox) ?? []), user]);
    }
    let changed = 0;
    for (const [mailbox, spellings] of byMailbox) {
      const same = await users.find({ email: mailbox }, fields).toArray();
      const all = new Set([...same, ...spellings].map(({ _id }) => _id.toHexString()));
      const [only] = spellings;
      if (all.size > 1) {
        notice(
          `left as they are, since they share a mailbox: users ${[...all].join(', ')}; keep one of them`,
        );
      } else if (only && only.email !== mailbox) {
        const one = { _id: only._id, email: only.email };
        await users.updateOne(one, { $set: { email: mailbox }, $inc: { version: 1 } });
        changed++;
      }
    }
    progress(`${changed} addresses of users have another form`);
  },
};
