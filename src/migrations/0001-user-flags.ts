import type { Migration } from '../platform/migrations/migration.js';

/**
 * Users that were stored before addresses were confirmed and before there was a second factor lack both fields, and
 * were answered without them. Their version rises: they are answered differently from then on.
 */
export const userFlags: Migration = {
  name: '0001-user-flags',
  async up({ db }) {
    for (const field of ['emailVerified', 'otpEnabled']) {
      await db
        .collection('users')
        .updateMany({ [field]: { $exists: false } }, { $set: { [field]: false }, $inc: { version: 1 } });
    }
  },
};
