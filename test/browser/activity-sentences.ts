import type { Page } from 'playwright-core';

/** What the audit notes, as far as sentences are made of it. */
interface Entry {
  readonly actor: { readonly kind: string; readonly id: string | null };
  readonly action: string;
  readonly record: string;
  readonly changes: readonly { readonly field: string; readonly from: unknown; readonly to: unknown }[];
}

const OTHER = '66f1a0c2e4b0a1b2c3d4e5f6';
const RECORD = '66f1a0c2e4b0a1b2c3d4e5f7';

/** What the console says of entries to the user with this id. */
function toldOf(me: string): readonly (readonly [string, Entry])[] {
  const by = (id: string | null, kind = 'user') => ({ kind, id });
  const entry = (action: string, place: string, changes: Entry['changes'] = [], actor = by(me)): Entry => ({
    actor,
    action,
    record: place,
    changes,
  });
  const change = (field: string, from: unknown, to: unknown) => [{ field, from, to }];
  const account = `users/${me}`;
  const project = `projects/${RECORD}`;
  const organization = `organizations/${RECORD}`;
  return [
    ['You signed in', entry('users.signed-in', account)],
    ['You confirmed your identity', entry('users.stepped-up', account)],
    ['You changed your password', entry('users.password-changed', account)],
    ['You confirmed your email address', entry('users.email-verified', account)],
    ['You registered', entry('users.created', account)],
    ['You turned on your second factor', entry('users.updated', account, change('otpEnabled', false, true))],
    [
      'User …d4e5f6 made your account a moderator',
      entry('users.updated', account, change('role', 'user', 'moderator'), by(OTHER)),
    ],
    [
      'The product disabled User …d4e5f6',
      entry('users.updated', `users/${OTHER}`, change('disabled', false, true), by(null, 'system')),
    ],
    ['You made the API key CI', entry('users.key-made', `api-keys/${RECORD}`, change('name', null, 'CI'))],
    [
      'You deleted the API key CI',
      entry('users.key-deleted', `api-keys/${RECORD}`, change('name', 'CI', null)),
    ],
    ['You created a linked account', entry('identities.created', `identities/${RECORD}`)],
    ['You created the project Ship', entry('projects.created', project, change('name', null, 'Ship'))],
    [
      'You renamed Shop from Ship to Shop',
      entry('projects.updated', project, change('name', 'Ship', 'Shop')),
    ],
    [
      'An API key changed Description of Project …d4e5f7 from Old to New',
      entry('projects.updated', project, change('description', 'Old', 'New'), by(OTHER, 'apiKey')),
    ],
    [
      'You cleared Description of Project …d4e5f7',
      entry('projects.updated', project, change('description', 'Old', null)),
    ],
    [
      'You changed Secret of Project …d4e5f7',
      entry('projects.updated', project, change('secret', null, null)),
    ],
    [
      'You changed Name and Description of Shop',
      entry('projects.updated', project, [
        ...change('name', 'Ship', 'Shop'),
        ...change('description', null, 'New'),
      ]),
    ],
    ['You deleted the project Ship', entry('projects.deleted', project, change('name', 'Ship', null))],
    ['You restored the project …d4e5f7', entry('projects.restored', project)],
    [
      'You moved Project …d4e5f7 to your own records',
      entry('projects.transferred', project, change('ownerId', OTHER, me)),
    ],
    [
      'You joined Organization …d4e5f7 as owner',
      entry('organizations.member-joined', organization, change(`members.${me}`, null, 'owner')),
    ],
    [
      'You removed User …d4e5f6 from Organization …d4e5f7',
      entry('organizations.member-left', organization, change(`members.${OTHER}`, 'viewer', null)),
    ],
    ['You · Device removed · your account', entry('users.device-removed', account)],
    ['You · Launched · Project …d4e5f7', entry('projects.launched', project)],
    ['You · Painted · a record of paper planes', entry('paper-planes.painted', `paper-planes/${RECORD}`)],
  ];
}

/** What the page that is shown says of each entry, beside what it should. */
export async function sentencesIn(page: Page): Promise<{ said: string[]; expected: string[] }> {
  const folder = `new URL('.', document.querySelector('[rel="modulepreload"]').href)`;
  const me = await page.evaluate<string>(`import(${folder} + 'user.js').then(({ user }) => user().id)`);
  const told = toldOf(me);
  const entries = JSON.stringify(told.map(([, entry]) => entry));
  const said = await page.evaluate<string[]>(`import(${folder} + 'activity-words.js').then(({ sentenceOf }) =>
    ${entries}.map((entry) => {
      const place = document.createElement('p');
      place.append(...sentenceOf(entry));
      return place.textContent;
    }))`);
  return { said, expected: told.map(([words]) => words) };
}
