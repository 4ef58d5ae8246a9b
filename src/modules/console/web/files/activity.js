import { actorOf, changesOf, shown, verbOf } from './activity-words.js';
import { mayUse } from './caller.js';
import { element } from './dom.js';
import { capitalised, featureOf } from './features.js';
import { choose, Listing, listHead } from './listing.js';
import { organization } from './organization.js';
import { readMany, referenceLink } from './references.js';
import { at } from './root.js';
import { emptyCard, noMatch, table } from './table.js';
import { time } from './values.js';
import { user } from './user.js';

const PATH = 'api/v1/audit';
const DAY_MS = 24 * 3600 * 1000;
const SPANS = [
  ['', 'Any time'],
  ['1', 'Last 24 hours'],
  ['7', 'Last 7 days'],
  ['30', 'Last 30 days'],
];

function recordOf(record) {
  const [plural, id] = record.split('/');
  const feature = featureOf(plural);
  if (plural === 'users' && id === user().id) return 'Your account';
  const kind = capitalised(plural.replaceAll('-', ' ')).replace(/^Api\b/, 'API');
  if (!feature) return element('span', { title: record }, kind);
  return referenceLink({ model: feature.model }, id);
}

function detailsOf({ changes, requestId, at: when }) {
  const rows = changes.map(({ field, from, to }) =>
    element(
      'div',
      {},
      element('dt', {}, field),
      element('dd', { dir: 'auto' }, element('del', {}, shown(from)), ' → ', element('ins', {}, shown(to))),
    ),
  );
  const request =
    requestId &&
    element('div', {}, element('dt', {}, 'Request'), element('dd', {}, element('code', {}, requestId)));
  return element('dl', { class: 'facts', 'data-at': when }, rows, request);
}

class Activity extends Listing {
  /** Names of records are read once it is known which. */
  async show(answer) {
    const plurals = new Set(['users', ...answer.data.map(({ record }) => record.split('/')[0])]);
    await Promise.all([...plurals].map((plural) => readMany(featureOf(plural))));
    super.show(answer);
  }

  tableOf(entries) {
    const heads = ['What', ['Record', 'state'], 'Who', 'Fields', ['When', 'changed']];
    return table(
      'Activity',
      heads,
      entries.flatMap((entry) => this.rowsOf(entry)),
    );
  }

  emptyOf(isFiltered, clear) {
    if (isFiltered) return noMatch('entries', clear);
    return emptyCard(
      'activity',
      'Nothing has happened yet',
      'Sign-ins, keys and changes of records that are audited stand here.',
    );
  }

  rowsOf(entry) {
    const { action, record, actor, changes, at: when } = entry;
    const details = element(
      'tr',
      { class: 'details', hidden: true },
      element('td', { colspan: '5' }, detailsOf(entry)),
    );
    const button = element(
      'button',
      { type: 'button', class: 'row-link', 'aria-expanded': 'false', 'data-row-link': true, title: action },
      verbOf(action),
    );
    button.addEventListener('click', () => {
      details.hidden = !details.hidden;
      button.setAttribute('aria-expanded', String(!details.hidden));
    });
    const row = element(
      'tr',
      { 'data-testid': 'record-row' },
      element('th', { scope: 'row' }, button),
      element('td', { class: 'state' }, recordOf(record)),
      element('td', {}, actorOf(actor)),
      element('td', {}, changesOf(changes)),
      element('td', { class: 'changed' }, time(when)),
    );
    return [row, details];
  }

  async render(view) {
    const { query } = this;
    const since = choose('When', SPANS, '', (days) => {
      const from = days && new Date(Date.now() - Number(days) * DAY_MS).toISOString();
      void this.ask({ from });
    });
    const who = choose(
      'Who',
      [
        ['', 'Done by anybody'],
        [user().id, 'Done by me'],
      ],
      query.get('actor') ?? '',
      (actor) => void this.ask({ actor }),
    );
    const whose = [
      ['', 'My account and records'],
      ['all', "Everyone's"],
    ];
    const seesAll = !organization() && (await mayUse('audit:read'));
    const owner =
      seesAll && choose('Whose', whose, query.get('owner') ?? '', (value) => void this.ask({ owner: value }));
    const record = query.get('record');
    const only =
      record &&
      element(
        'button',
        {
          type: 'button',
          class: 'small-button',
          onclick: () => (only.remove(), void this.ask({ record: '' })),
        },
        `Only ${record.split('/')[0]} …${record.slice(-6)} ×`,
      );
    this.bar = element('div', { class: 'list-bar', role: 'search' }, since, who, owner, only);
    view.append(listHead('Activity', this.count), this.bar, this.body);
    await this.load();
  }
}

export async function show(view, { query, signal }) {
  await new Activity({ path: PATH, address: at('console/activity'), query, signal }).render(view);
  return 'Activity';
}
