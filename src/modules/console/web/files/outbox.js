import { element } from './dom.js';
import { titleOf } from './features.js';
import { listHead } from './listing.js';
import { call } from './session.js';
import { emptyCard, table } from './table.js';
import { time } from './values.js';
import { number } from './words.js';

function rowOf({ kind, to, at, link }) {
  const open = link && element('a', { href: link, target: '_blank', rel: 'noopener' }, 'Open its link');
  return element(
    'tr',
    { 'data-testid': 'record-row' },
    element('th', { scope: 'row' }, titleOf({ plural: kind })),
    element('td', { class: 'state' }, open || element('span', { class: 'quiet' }, 'No link')),
    element('td', {}, to),
    element('td', { class: 'changed' }, time(at)),
  );
}

/** The mails that development writes to files: nobody else delivers them. */
export async function show(view) {
  const { data } = await call('GET', 'console/mails');
  const mails = data ?? [];
  const heads = ['Mail', ['Link', 'state'], 'To', ['Written', 'changed']];
  const body =
    mails.length > 0
      ? element('div', { class: 'table-box' }, table('Mails', heads, mails.map(rowOf)))
      : emptyCard(
          'outbox',
          'No mails',
          data
            ? 'Without a mail server, the mails to you are written to files, and stand here.'
            : 'Mails are shown only to who works on the machine of the server.',
        );
  view.append(
    listHead('Outbox', element('span', { class: 'count' }, number(mails.length))),
    element('div', { class: 'list-body' }, body),
  );
  return 'Outbox';
}
