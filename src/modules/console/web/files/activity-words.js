import { element } from './dom.js';
import { capitalised, featureOf, labelOf, titleFieldOf } from './features.js';
import { organizations } from './organization.js';
import { referenceLink } from './references.js';
import { isEmpty } from './values.js';
import { user } from './user.js';
import { exactly } from './words.js';

/** Longer values stand in the details only. */
const LONGEST = 60;
const IN_ONE_LINE = new Set([
  'text',
  'longtext',
  'email',
  'url',
  'enum',
  'boolean',
  'integer',
  'number',
  'date',
  'day',
  'reference',
]);
const list = new Intl.ListFormat('en');

/** What has no page of its own, by what its records are called. */
const THINGS = { 'api-keys': 'API key', identities: 'linked account', passkeys: 'passkey' };

const spaced = (text) => String(text).replaceAll(/[-_]/g, ' ');
const said = (text) => element('b', { dir: 'auto' }, text);
const article = (text) => (/^[aeio]/i.test(text) ? 'an' : 'a');

/** `projects.hand-over` → `hand-over` */
const verbOf = (action) => action.slice(action.indexOf('.') + 1);

export function partsOf(record) {
  const [plural, id] = record.split('/');
  return { plural, id, feature: featureOf(plural) };
}

/** A field by its name, as far as the feature has declared it. */
export function fieldOf(feature, name) {
  const [, member] = /^members\.([\da-f]{24})$/.exec(name) ?? [];
  if (member) return { name: 'role', type: 'enum', member };
  return feature?.fields.find((field) => field.name === name) ?? { name };
}

/** Who did it, as far as that can be told by name. */
export function actorOf({ kind, id }) {
  if (kind === 'system') return 'The product';
  if (kind === 'apiKey') return element('span', { title: id }, 'An API key');
  return personOf(id, 'You');
}

const personOf = (id, own = 'you') => (id === user().id ? own : referenceLink({ model: 'User' }, id));

/** A value in a sentence; undefined where it is too long for one. */
function inWords({ type }, value, model) {
  if (isEmpty(value)) return undefined;
  if (type === 'boolean' || typeof value === 'boolean') return said(value ? 'Yes' : 'No');
  if (type === 'date') return said(exactly(value));
  if (type === 'reference') return referenceLink(model, value);
  const isShort = typeof value === 'number' || (typeof value === 'string' && value.length <= LONGEST);
  if (!isShort || !IN_ONE_LINE.has(type ?? 'text')) return undefined;
  return said(type === 'enum' ? capitalised(spaced(value)) : String(value));
}

/** `from A to B`, `to B`; nothing where the values are not kept, or too long. */
function stepOf(field, { from, to }) {
  const [before, after] = [from, to].map((value) => inWords(field, value, field));
  if (!after) return [];
  return before ? ['from', before, 'to', after] : isEmpty(from) ? ['to', after] : [];
}

/** What a record is called after what happened to it, or was before where that is the last of it. */
function nameIn({ feature }, changes) {
  const title = feature ? titleFieldOf(feature)?.name : 'name';
  const change = changes.find(({ field }) => field === title);
  return change?.to ?? change?.from ?? undefined;
}

/** What an entry is about. With `kind` it says what sort of record that is. */
function aboutOf({ record, actor, action, changes }, { kind = false } = {}) {
  const { plural, id, feature } = partsOf(record);
  if (plural === 'users' && id === user().id) return ['your account'];
  if (plural === 'users' && id === actor.id) return ['their account'];
  const name = nameIn({ feature }, changes);
  if (!feature) {
    const thing = THINGS[plural] ?? `record of ${spaced(plural)}`;
    return name ? [`the ${thing}`, said(name)] : [`${article(thing)} ${thing}`];
  }
  const known = name ?? `${kind ? '' : `${capitalised(feature.name)} `}…${id.slice(-6)}`;
  // A link would lead to nothing.
  const shown = action.endsWith('.deleted')
    ? said(known)
    : referenceLink({ model: feature.model }, id, known);
  return [...(kind ? [`the ${feature.name}`] : []), shown];
}

/** Changes of one field or several, in words. `of` stands where the sentence says what was changed. */
function changesIn(entry, of, verb = 'changed') {
  const { feature } = partsOf(entry.record);
  const { changes } = entry;
  if (changes.length === 0) return ['saved', ...of('')];
  if (changes.length > 1) {
    const labels = changes.map(({ field }) => labelOf(fieldOf(feature, field)));
    return [verb, list.format(labels), ...of('of')];
  }
  const [change] = changes;
  const field = fieldOf(feature, change.field);
  if (
    feature &&
    titleFieldOf(feature)?.name === field.name &&
    verb === 'changed' &&
    feature.plural !== 'users'
  ) {
    return ['renamed', ...of(''), ...stepOf(field, change)];
  }
  const isEmptied = isEmpty(change.to) && !isEmpty(change.from);
  return [isEmptied ? 'cleared' : verb, labelOf(field), ...of('of'), ...stepOf(field, change)];
}

/** Your own, theirs, or of whom it is. */
function whose(thing, { record, actor }) {
  const { id } = partsOf(record);
  if (id !== actor.id) return [`the ${thing} of`, personOf(id)];
  return [`${id === user().id ? 'your' : 'their'} ${thing}`];
}

const ACCOUNTS = {
  'signed-in': () => ['signed in'],
  'stepped-up': (entry) => ['confirmed', ...whose('identity', entry)],
  'password-changed': (entry) => ['changed', ...whose('password', entry)],
  'email-changed': (entry) => ['changed', ...whose('email address', entry)],
  'email-verified': (entry) => ['confirmed', ...whose('email address', entry)],
  'key-made': (entry) => ['made', ...aboutOf(entry)],
  'key-deleted': (entry) => ['deleted', ...aboutOf(entry)],
  created: (entry) =>
    entry.record.endsWith(entry.actor.id) ? ['registered'] : ['created', ...aboutOf(entry, { kind: true })],
  updated: (entry) => accountChange(entry),
};

function accountChange(entry) {
  const { changes } = entry;
  const [{ field, to } = {}] = changes.length === 1 ? changes : [];
  if (field === 'disabled') return [to ? 'disabled' : 'enabled', ...aboutOf(entry)];
  if (field === 'role') return ['made', ...aboutOf(entry), article(to), said(spaced(to))];
  if (field === 'otpEnabled') return ['turned', to ? 'on' : 'off', ...whose('second factor', entry)];
  if (field === 'name') return ['changed', ...whose('name', entry), ...stepOf({ type: 'text' }, changes[0])];
  return undefined;
}

/** What happened to a member, and to whom: `members.<id>` says so. */
function membership(entry, act) {
  const change = entry.changes.find(({ field }) => field.startsWith('members.'));
  const { member } = fieldOf(undefined, change?.field ?? '');
  return member ? act(member, change) : undefined;
}

const ORGANIZATIONS = {
  'member-joined': (entry) =>
    membership(entry, (member, { to }) =>
      member === entry.actor.id
        ? ['joined', ...aboutOf(entry), 'as', said(to)]
        : ['added', personOf(member), 'to', ...aboutOf(entry), 'as', said(to)],
    ),
  'member-changed': (entry) =>
    membership(entry, (member, change) => [
      'changed the role of',
      personOf(member),
      'in',
      ...aboutOf(entry),
      ...stepOf({ type: 'enum' }, change),
    ]),
  'member-left': (entry) =>
    membership(entry, (member) =>
      member === entry.actor.id
        ? ['left', ...aboutOf(entry)]
        : ['removed', personOf(member), 'from', ...aboutOf(entry)],
    ),
};

/** Who has it now. */
function newOwner({ record, changes }) {
  const { feature } = partsOf(record);
  const id = changes.find(({ field }) => field === feature?.ownerField)?.to;
  if (id === user().id) return 'your own records';
  const found = organizations().find((each) => each.id === id);
  return found ? said(found.name) : 'another owner';
}

/** What was done, in the past tense. `of(preposition)` names the record, or nothing where that is known. */
function deedOf(entry, of) {
  const verb = verbOf(entry.action);
  const [room] = entry.action.split('.');
  const own = { users: ACCOUNTS, organizations: ORGANIZATIONS }[room]?.[verb]?.(entry);
  if (own) return own;
  if (verb === 'created' || verb === 'deleted' || verb === 'restored')
    return [verb, ...of('', { kind: true })];
  if (verb === 'updated') return changesIn(entry, of);
  if (verb === 'transferred') return ['moved', ...of(''), 'to', newOwner(entry)];
  const words = said(capitalised(spaced(verb)));
  const { feature } = partsOf(entry.record);
  // Of what this page knows nothing about, it says at least how it is called.
  if (!feature?.commands.some(({ name }) => name === verb)) return ['·', words, ...of('·')];
  const outcome = entry.changes.length > 0 ? ['and', ...changesIn(entry, () => [])] : [];
  return ['gave the command', words, ...of('to'), ...outcome];
}

const joined = (parts) => parts.flatMap((part, index) => (index > 0 ? [' ', part] : [part]));

/** `Ada renamed Ship from Shop to Ship` */
export function sentenceOf(entry) {
  const of = (preposition, options) => [...(preposition ? [preposition] : []), ...aboutOf(entry, options)];
  return joined([actorOf(entry.actor), ...deedOf(entry, of)]);
}

/** `Renamed from Shop to Ship`, where it is known of what. */
export function deedIn(entry) {
  const [first, ...rest] = deedOf(entry, () => []).filter((part) => part !== '·');
  return joined([typeof first === 'string' ? capitalised(first) : first, ...rest]);
}
