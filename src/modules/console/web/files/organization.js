import { store, stored } from './storage.js';

const KEY = `${document.documentElement.dataset.key}.organization`;

/** The organization whose records the pages show, by its id; null for one's own. */
let chosen = stored(KEY) || null;
let mine = [];

export const organization = () => chosen;
export const organizations = () => mine;

const ROLES = ['viewer', 'member', 'admin', 'owner'];
/** Whether the person may what a role may in the chosen organization; with records of its own it may everything. */
export function reaches(role) {
  const own = mine.find(({ id }) => id === chosen)?.role;
  return chosen === null || ROLES.indexOf(own) >= ROLES.indexOf(role);
}

/** To whom the person can give what belongs to the chosen one, itself among them, each with an id and a name. */
export const otherOwners = () => [
  ...(chosen ? [{ id: '', name: 'My own records' }] : []),
  ...mine.filter(({ id, role }) => id !== chosen && ROLES.indexOf(role) >= ROLES.indexOf('member')),
];

/** What requests are sent with, so that they work in it. */
export const organizationHeader = () => (chosen ? { 'x-organization-id': chosen } : {});

export function choose(id) {
  chosen = id || null;
  store(KEY, chosen ?? undefined);
}

/** Those that the person is in. One that it has left, or that somebody else has chosen here, is chosen no more. */
export function setOrganizations(all) {
  mine = all;
  if (chosen && !all.some(({ id }) => id === chosen)) choose(null);
}
