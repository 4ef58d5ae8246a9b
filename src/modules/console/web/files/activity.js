import { fieldOf, partsOf, sentenceOf } from './activity-words.js';
import { mayUse } from './caller.js';
import { element } from './dom.js';
import { featureOf, labelOf } from './features.js';
import { icon } from './icons.js';
import { choose, Listing, listHead } from './listing.js';
import { organization } from './organization.js';
import { readMany, referenceLink } from './references.js';
import { at } from './root.js';
import { emptyCard, noMatch, table } from './table.js';
import { cell, isEmpty, time } from './values.js';
import { user } from './user.js';
import { exactly } from './words.js';

const PATH = 'api/v1/audit';
const DAY_MS = 24 * 3600 * 1000;
const SPANS = [
  ['', 'Any time'],
  ['1', 'Last 24 hours'],
  ['7', 'Last 7 days'],
  ['30', 'Last 30 days'],
];

const fact = (title, ...value) =>
  element('div', {}, element('dt', {}, title), element('dd', { dir: 'auto' }, value.flat()));

/** A field before and after: one of both where it came, or went. */
function changeOf(feature, { field: name, from, to }) {
  const field = fieldOf(feature, name);
  const label = field.member ? ['Role of ', referenceLink({ model: 'User' }, field.member)] : labelOf(field);
  const before = !isEmpty(from) && element('del', {}, shown(field, from));
  const after = !isEmpty(to) && element('ins', {}, shown(field, to));
  const nothing = element('span', { class: 'quiet' }, 'Its values are not kept');
  return fact(label, before || after ? [before, before && after && ' → ', after] : nothing);
}

/** A value that no type is known of may be anything. */
const shown = (field, value) =>
  cell(field, field.type || typeof value !== 'object' ? value : JSON.stringify(value));

function detailsOf({ action, record, changes, requestId, at: when }) {
  const { feature } = partsOf(record);
  return element(
    'dl',
    { class: 'facts' },
    changes.map((change) => changeOf(feature, change)),
    fact('When', exactly(when)),
    fact('Event', element('code', {}, action)),
    fact(
      'Record',
      element('code', {}, record),
      feature && [
        ' ',
        element('a', { href: at(`console/activity?record=${record}`) }, 'All of its activity'),
      ],
    ),
    requestId && fact('Request', element('code', {}, requestId)),
  );
}

class Activity extends Listing {
  /** Names of records are read once it is known which. */
  async show(answer) {
    const plurals = new Set(['users', ...answer.data.map(({ record }) => record.split('/')[0])]);
    await Promise.all([...plurals].map((plural) => readMany(featureOf(plural))));
    super.show(answer);
  }

  tableOf(entries) {
    const made = table(
      'Activity',
      ['What happened', ['When', 'changed']],
      entries.flatMap((entry) => this.rowsOf(entry)),
    );
    made.classList.add('sentences');
    return made;
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
    const details = element(
      'tr',
      { class: 'details', hidden: true },
      element('td', { colspan: '2' }, detailsOf(entry)),
    );
    const sentence = element('span', {}, sentenceOf(entry));
    const button = element(
      'button',
      {
        type: 'button',
        class: 'row-link',
        'aria-expanded': 'false',
        'aria-label': `Details: ${sentence.textContent}`,
        'data-row-link': true,
      },
      icon('right'),
    );
    button.addEventListener('click', () => {
      details.hidden = !details.hidden;
      button.setAttribute('aria-expanded', String(!details.hidden));
    });
    const row = element(
      'tr',
      { 'data-testid': 'record-row' },
      element('th', { scope: 'row' }, element('div', {}, button, sentence)),
      element('td', { class: 'changed' }, time(entry.at)),
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
      ['', "Everyone's"],
      [user().id, 'My account and records'],
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
