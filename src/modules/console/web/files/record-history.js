import { actorOf, deedIn } from './activity-words.js';
import { element } from './dom.js';
import { statusBadge } from './execution-words.js';
import { featureOf } from './features.js';
import { reaches } from './organization.js';
import { PAGES } from './page-list.js';
import { readMany } from './references.js';
import { Failure } from './request.js';
import { at } from './root.js';
import { call } from './session.js';
import { time } from './values.js';

const LATEST = 5;
const isThere = (page) => PAGES.some(({ path }) => path === page);

/** A list of what happened last, with the way to all of it. */
function card(title, address, rows) {
  return element(
    'section',
    { class: 'card', 'aria-label': title },
    element(
      'div',
      { class: 'card-head' },
      element('h2', {}, title),
      element('a', { href: at(address), class: 'small' }, 'All'),
    ),
    element('ul', { class: 'latest' }, rows),
  );
}

async function latest(path, record, signal) {
  try {
    const { data } = await call('GET', `${path}?${new URLSearchParams({ record, limit: LATEST })}`, {
      signal,
    });
    return data;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    // It is beside the point of the page, and not everybody may see it.
    return [];
  }
}

async function showActivity(place, record, signal) {
  if (!isThere('console/activity') || !reaches('admin')) return;
  const entries = await latest('api/v1/audit', record, signal);
  if (entries.length === 0) return;
  await readMany(featureOf('users'));
  const rows = entries.map((entry) =>
    element(
      'li',
      { class: 'deed' },
      element('span', {}, deedIn(entry)),
      element('span', { class: 'quiet small' }, actorOf(entry.actor), ' · ', time(entry.at)),
    ),
  );
  place.append(card('Activity', `console/activity?record=${record}`, rows));
}

async function showExecutions(place, record, signal) {
  if (!isThere('console/executions')) return;
  const found = await latest('api/v1/executions', record, signal);
  if (found.length === 0) return;
  const rows = found.map(({ id, type, status }) =>
    element('li', {}, element('a', { href: at(`console/executions/${id}`) }, type), statusBadge(status)),
  );
  place.append(card('Executions', `console/executions?record=${record}`, rows));
}

/** What happened to a record, and the work that is about it: filled in once the page stands. */
export function historyOf({ plural, isAudited }, { id }, signal) {
  const place = element('div', { class: 'stack' });
  const record = `${plural}/${id}`;
  void Promise.all([isAudited && showActivity(place, record, signal), showExecutions(place, record, signal)]);
  return place;
}
