import { element } from './dom.js';
import { addressOf, capitalised, featureOfModel, nameOf } from './features.js';
import { Failure } from './request.js';
import { at } from './root.js';
import { call } from './session.js';
import { user } from './user.js';

const MANY = 100;

/** Records that references lead to, by their address, as far as they were read. */
const known = new Map();
/** Lists that are read once to name many references. */
const lists = new Map();

/** Where references of a field lead. */
export const targetOf = ({ model }) => featureOfModel(model);
export const addressIn = (target, id) =>
  target.plural === 'users' && id === user().id ? at('console/profile') : addressOf(target, id);
export const maySearch = (target) => target.operations.list !== undefined;

async function readList(target) {
  try {
    const { data } = await call('GET', `${target.readPath}?limit=${MANY}`);
    for (const record of data) known.set(`${target.path}/${record.id}`, record);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
  }
}

/** Reads what many references of one list lead to, at the cost of one request. */
export function readMany(target) {
  if (!target || !maySearch(target)) return undefined;
  const reading = lists.get(target.path) ?? readList(target);
  lists.set(target.path, reading);
  return reading;
}

/** Reads what one reference leads to; undefined where the person may not see it. */
export async function readOne(target, id) {
  const path = `${target.path}/${id}`;
  if (known.has(path)) return known.get(path);
  try {
    const { data } = await call('GET', `${target.readPath}/${id}`);
    known.set(path, data);
    return data;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    // What is not there, or not for this person, is not asked for again.
    if (error.status === 404) known.set(path, undefined);
    return undefined;
  }
}

/** Reads what a reference of these records leads to, where `readMany` did not find it among the newest. */
export async function readRest(field, records) {
  const target = targetOf(field);
  if (!target || !maySearch(target)) return;
  const ids = new Set(records.map((record) => record[field.name]).filter(Boolean));
  await Promise.all([...ids].map((id) => readOne(target, id)));
}

export function remember(target, record) {
  known.set(`${target.path}/${record.id}`, record);
}

/** The lists are read anew by the next page. */
export function forgetLists() {
  lists.clear();
}

const shortId = (id) => `…${id.slice(-6)}`;

/**
 * A reference as a link with the name of what it leads to, as far as that is known.
 * @param otherwise what it is called where it is not
 */
export function referenceLink(field, id, otherwise) {
  const target = targetOf(field);
  if (!target) return element('code', {}, id);
  const record = known.get(`${target.path}/${id}`);
  const text = record ? nameOf(target, record) : (otherwise ?? `${capitalised(target.name)} ${shortId(id)}`);
  return element('a', { href: addressIn(target, id), dir: 'auto' }, text);
}
