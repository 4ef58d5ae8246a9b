import { at } from './root.js';
import { organization, reaches } from './organization.js';
import { user } from './user.js';

/** The features, as they have declared themselves. */
let all = [];

export function setFeatures(features) {
  all = features;
}

/** Those whose list the signed-in user may read, of a part of the product. */
export const features = (part = 'features') =>
  all.filter((each) => each.part === part && each.operations.list !== undefined);
export const featureOf = (plural) => all.find((each) => each.plural === plural);
/** Where a reference leads. */
export const featureOfModel = (model) => all.find((each) => each.model === model);

export const capitalised = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** `dueAt` → `Due at`; `projectId` → `Project` for a reference. */
export function labelOf({ name, type, label }) {
  if (label) return label;
  const words = name.replaceAll(/([a-z\d])([A-Z])/g, '$1 $2').replaceAll('_', ' ');
  const text = type === 'reference' ? words.replace(/ ?Ids?$/, '') || words : words;
  return capitalised(
    text.toLowerCase().replaceAll(/\b(url|id|api|vat|iban|otp)\b/g, (word) => word.toUpperCase()),
  );
}

/** `blog-posts` → `Blog posts` */
export const titleOf = ({ plural }) => capitalised(plural.replaceAll('-', ' '));

/** What the feature says of itself, without its name, where that is all that the first sentence says. */
export function aboutOf(feature) {
  const { about = '' } = feature;
  const name = `${titleOf(feature)}. `;
  return about.startsWith(name) ? about.slice(name.length) : about;
}

export const addressOf = ({ plural }, id) => at(`console/${plural}${id ? `/${id}` : ''}`);

const mine = () => organization() ?? user().id;
/** A record that does not say whose it is came from a list of one's own. */
const isOwn = ({ ownerField }, record) => ownerField !== null && (record[ownerField] ?? mine()) === mine();
/** Whether the role in the chosen organization allows it. An organization itself is led by its owners. */
const hasRole = ({ roles, model }, operation, record) =>
  model === 'Organization' && record
    ? record.role === 'owner'
    : !roles[operation] || reaches(roles[operation]);
const may = (feature, operation, record) =>
  hasRole(feature, operation, record) &&
  (feature.operations[operation] === 'all' ||
    (feature.operations[operation] === 'own' && isOwn(feature, record)));

export const mayCreate = (feature) => feature.operations.create !== undefined && hasRole(feature, 'create');
export const mayImport = (feature) =>
  mayCreate(feature) && feature.operations.import !== undefined && hasRole(feature, 'import');
/** Whether a command may be given. */
export const mayDo = (feature, { reach, role }, record) =>
  reaches(role) && (reach === 'all' || isOwn(feature, record));
export const mayChange = (feature, record) => may(feature, 'update', record);
export const mayDelete = (feature, record) => may(feature, 'delete', record);
/** Whether it can be given to another owner. */
export const mayTransfer = (feature, record) => may(feature, 'transfer', record);
/** Whether the list can be asked for records of others. */
export const seesOthers = ({ listsOthers, operations }) =>
  listsOthers && operations.list === 'all' && !organization();

/** The field that a record is called by: its first text, or else an address. */
export function titleFieldOf({ fields }) {
  const sent = fields.filter(({ creatable, changeable, answered }) => answered && (creatable || changeable));
  return (
    sent.find(({ type, required }) => type === 'text' && required) ??
    sent.find(({ type }) => type === 'text' || type === 'email') ??
    fields.find(({ name, type, answered }) => answered && name === 'name' && type.endsWith('text')) ??
    sent.find(({ type }) => type === 'url')
  );
}

/** What a record is called. */
export function nameOf(feature, record) {
  const field = titleFieldOf(feature);
  const name = field && record[field.name];
  return name ? String(name) : `${capitalised(feature.name)} ${record.id.slice(-6)}`;
}

/** The parameter of a list that looks for words; without one, that of a whole address. */
export const searchOf = ({ filters }) =>
  filters.find(({ name }) => name === 'q') ??
  filters.find(({ type, minLength }) => type === 'text' && !minLength) ??
  filters.find(({ type, name }) => type === 'email' || name === 'email');
