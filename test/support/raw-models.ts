/**
 * Who works on a Mongoose model directly, and why. Everyone else uses `Records`, which asks for a `Scope` and keeps
 * owners, versions, references, encryption and events. One line per file: git merges the lines of both sides.
 */
export const RAW_MODELS: Readonly<Record<string, string>> = {
  'src/modules/api-keys/api-keys.service.ts': 'watches keys for changes and counts those of an owner',
  'src/modules/audit/audit.service.ts': 'entries have the time of the change that they tell of',
  'src/modules/auth/known-devices.ts': 'records without versions, upserted in bulk',
  'src/modules/console/console-users.ts':
    'looks for what users have left in other collections, and counts users',
  'src/modules/files/files.service.ts': 'adds up the sizes of the files of an owner, by one index',
  'src/modules/files/referenced-files.ts':
    'asks every collection, those of the trash included, who holds a file',
  'src/modules/files/orphaned-contents.ts': 'notes without owners, one atomic step each',
  'src/modules/mail-links/former-addresses.ts': 'finds addresses by a token, before anybody is signed in',
  'src/modules/mail-links/mail-links.service.ts': 'links that are redeemed in one atomic step',
  'src/modules/oauth/oauth-codes.ts':
    'codes that are used up in one atomic step, before anybody is signed in',
  'src/modules/organizations/invitations.service.ts': 'invitations that are used up in one atomic step',
  'src/modules/organizations/organization-members.ts':
    'watches organizations, and knows members whoever asks',
  'src/modules/organizations/organizations.service.ts': 'counts members, and removes all of an organization',
  'src/modules/passkeys/challenges.ts': 'records without versions, one atomic step each',
  'src/modules/passkeys/passkey-proofs.ts':
    'finds passkeys before anybody is signed in, and counts uses in one step',
  'src/modules/passkeys/passkeys.service.ts': 'counts passkeys of an owner',
  'src/modules/second-factor/second-factor.service.ts': 'codes that are used up in one atomic step',
  'src/modules/sessions/refresh.service.ts': 'refresh tokens that are exchanged in one atomic step',
  'src/modules/sessions/sessions.service.ts': 'watches sessions for changes and ends them in bulk',
  'src/modules/identities/identities.service.ts':
    'watches identities for changes and counts those of an owner',
  'src/modules/users/administrators.ts': 'looks for administrators, whoever asks',
  'src/modules/users/mailboxes.ts': 'finds users by address, before anybody is signed in',
  'src/modules/users/second-factors.ts':
    'refuses to start while users have a second factor that no part checks',
  'src/modules/users/user-addresses.ts': 'changes an address only while the old one still holds',
  'src/modules/users/user-passwords.ts': 'changes a password only while the old one still holds',
  'src/modules/users/users.service.ts': 'finds users before anybody is signed in',
  'src/modules/webhooks/announcements.ts': 'finds who is told of changes, whoever makes them',
  'src/modules/webhooks/delivery-queue.ts': 'deliveries that are noted in one atomic step',
  'src/modules/webhooks/receivers.ts': 'webhooks that are paused in one atomic step',
  'src/modules/webhooks/webhooks.service.ts':
    'counts the webhooks of an owner, and removes deliveries in bulk',
  'src/platform/cache/cache-versions.ts': 'records without versions, one atomic step each',
  'src/platform/idempotency/idempotency-keys.ts': 'records without versions, one atomic step each',
  'src/platform/imports/import-parts.ts': 'records without versions, written with those that come of them',
  'src/platform/limits/counters.ts': 'records without versions, one atomic step each',
};
