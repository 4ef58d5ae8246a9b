import { isBeingDeleted } from './deletion.js';
import { element } from './dom.js';
import {
  addressOf,
  capitalised,
  labelOf,
  mayCreate,
  nameOf,
  searchOf,
  seesOthers,
  titleFieldOf,
  titleOf,
} from './features.js';
import { icon } from './icons.js';
import { note } from './navigate.js';
import { pager } from './pager.js';
import { readMany, targetOf } from './references.js';
import { Failure } from './request.js';
import { call } from './session.js';
import { cell, time } from './values.js';
import { fault, number, sentence } from './words.js';

const PER_PAGE = 25;
const MOST_COLUMNS = 6;
const SEARCH_AFTER_MS = 250;
const NO_COLUMN = new Set(['metadata', 'object', 'richtext']);
const OF_EVERY_RECORD = new Set(['id', 'version', 'createdAt', 'updatedAt', 'ownerId', 'createdBy']);
/** What says most in one line comes first, where there is no room for all. */
const RANK = [
  'email',
  'enum',
  'reference',
  'boolean',
  'date',
  'number',
  'integer',
  'text',
  'list',
  'url',
  'longtext',
];

/** The columns of a list beside the name, in the order in which the feature declares them. */
function columnsOf(feature) {
  const title = titleFieldOf(feature);
  const fitting = feature.fields.filter(
    (field) =>
      field !== title && field.answered && !NO_COLUMN.has(field.type) && !OF_EVERY_RECORD.has(field.name),
  );
  const ranked = fitting.toSorted((a, b) => RANK.indexOf(a.type) - RANK.indexOf(b.type));
  const best = new Set(ranked.slice(0, MOST_COLUMNS - 1));
  return fitting.filter((field) => best.has(field));
}

function rowOf(feature, columns, record) {
  return element(
    'tr',
    { 'data-testid': 'record-row', 'data-id': record.id },
    element(
      'th',
      { scope: 'row', dir: 'auto' },
      element(
        'a',
        { href: addressOf(feature, record.id), class: 'row-link', 'data-row-link': true },
        nameOf(feature, record),
      ),
    ),
    columns.map((field) => element('td', { class: `type-${field.type}` }, cell(field, record[field.name]))),
    element('td', { class: 'type-date changed' }, record.updatedAt ? time(record.updatedAt) : ''),
  );
}

function tableOf(feature, columns, records) {
  const title = titleFieldOf(feature);
  const heads = [title ? labelOf(title) : 'Record', ...columns.map((field) => labelOf(field)), 'Changed'];
  return element(
    'table',
    { class: 'table', 'data-testid': 'record-list' },
    element('caption', { class: 'visually-hidden' }, titleOf(feature)),
    element(
      'thead',
      {},
      element(
        'tr',
        {},
        heads.map((text, index) => {
          const type = columns[index - 1]?.type;
          return element('th', { scope: 'col', class: type && `type-${type}` }, text);
        }),
      ),
    ),
    element(
      'tbody',
      {},
      records.map((record) => rowOf(feature, columns, record)),
    ),
  );
}

function newLink(feature, isPrimary = true) {
  return element(
    'a',
    {
      href: addressOf(feature, 'new'),
      class: `button ${isPrimary ? 'primary' : ''}`,
      'data-new': true,
      'data-testid': 'new-button',
    },
    icon('plus'),
    `New ${feature.name}`,
    element('kbd', { 'aria-hidden': 'true' }, 'N'),
  );
}

function emptyOf(feature, isFiltered, clear) {
  const plural = titleOf(feature).toLowerCase();
  const title = isFiltered ? `No ${plural} match` : `No ${plural} yet`;
  const text = isFiltered ? 'Try other words, or fewer filters.' : feature.about;
  const action = isFiltered
    ? element('button', { type: 'button', onclick: clear }, 'Clear filters')
    : mayCreate(feature) && newLink(feature);
  return element(
    'div',
    { class: 'empty card', 'data-testid': 'record-list' },
    element('span', { class: 'empty-icon', 'aria-hidden': 'true' }, icon(isFiltered ? 'search' : 'records')),
    element('p', { class: 'empty-title' }, title),
    text && element('p', { class: 'quiet' }, text),
    action,
  );
}

const spaced = (value) => capitalised(String(value).replaceAll(/[-_]/g, ' '));

/** `dueAt`, `-dueAt` → `Due at, ascending` */
function orderOf(order) {
  const name = order.replace(/^-/, '');
  return [order, `${labelOf({ name })}, ${order === name ? 'ascending' : 'descending'}`];
}

/** Filters that a list of choices can be made of. */
function choicesOf({ type, values }) {
  if (type === 'boolean')
    return [
      ['true', 'Yes'],
      ['false', 'No'],
    ];
  return type === 'enum' && values ? values.map((value) => [String(value), spaced(value)]) : undefined;
}

function choose(label, choices, value, onchange) {
  const select = element(
    'select',
    { 'aria-label': label, onchange: () => onchange(select.value) },
    choices.map(([each, text]) => element('option', { value: each, selected: each === value }, text)),
  );
  return select;
}

/** Orders and filters that no declared list serves are refused with what is possible. */
const refusalOf = (error) =>
  error.details.length > 0 ? error.details.map(fault).join(' ') : sentence(error);

class RecordList {
  constructor({ feature, query, signal }) {
    Object.assign(this, { feature, query, signal });
    this.columns = columnsOf(feature);
    this.search = searchOf(feature);
    this.count = element('span', { class: 'count', role: 'status' });
    this.body = element('div', { class: 'list-body' });
    this.turn = 0;
  }

  /** Changes what is asked for, in the address too, and reads the list again. */
  async ask(changes, { keepsPage = false } = {}) {
    for (const [name, value] of Object.entries(changes)) {
      if (value === '' || value === undefined) this.query.delete(name);
      else this.query.set(name, value);
    }
    if (!keepsPage) this.query.delete('page');
    const text = this.query.toString();
    note(`${addressOf(this.feature)}${text ? `?${text}` : ''}`);
    await this.load();
  }

  get page() {
    return Math.max(Number.parseInt(this.query.get('page') ?? '1', 10) || 1, 1);
  }

  parameters() {
    const asked = new URLSearchParams(this.query);
    asked.set('page', String(this.page));
    asked.set('limit', String(PER_PAGE));
    asked.set('total', 'true');
    return asked;
  }

  async load() {
    const own = ++this.turn;
    this.body.setAttribute('aria-busy', 'true');
    try {
      const references = this.columns.filter(({ type }) => type === 'reference');
      const [answer] = await Promise.all([
        call('GET', `${this.feature.path}?${this.parameters()}`, { signal: this.signal }),
        ...references.map((field) => readMany(targetOf(field))),
      ]);
      if (own === this.turn) this.show(answer);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (own === this.turn && error.code !== 'CANCELLED') this.refuse(error);
    }
    if (own === this.turn) this.body.removeAttribute('aria-busy');
  }

  refuse(error) {
    const again = element('button', { type: 'button', onclick: () => void this.load() }, 'Try again');
    this.body.replaceChildren(
      element(
        'div',
        { class: 'empty card' },
        element('p', { class: 'alert', role: 'alert' }, refusalOf(error)),
        again,
      ),
    );
  }

  show({ data, pagination }) {
    const { feature } = this;
    const records = data.filter(({ id }) => !isBeingDeleted(`${feature.path}/${id}`));
    const total = pagination.total - (data.length - records.length);
    this.count.textContent = number(total);
    if (records.length === 0 && this.page === 1) {
      this.body.replaceChildren(emptyOf(feature, this.isFiltered, () => void this.clear()));
      return;
    }
    const turn = (page) => void this.ask({ page: page > 1 ? String(page) : '' }, { keepsPage: true });
    this.body.replaceChildren(
      element('div', { class: 'table-box' }, tableOf(feature, this.columns, records)),
      pager({
        page: this.page,
        perPage: PER_PAGE,
        shown: records.length,
        total,
        hasMore: pagination.hasMore,
        turn,
      }),
    );
  }

  get isFiltered() {
    return [...this.query.keys()].some((name) => name !== 'page' && name !== 'owner');
  }

  clear() {
    for (const select of this.bar.querySelectorAll('select')) select.selectedIndex = 0;
    const field = this.bar.querySelector('[data-search]');
    if (field) field.value = '';
    const names = [...this.query.keys()];
    return this.ask(Object.fromEntries(names.map((name) => [name, ''])));
  }

  searchField() {
    if (!this.search) return undefined;
    const { name, maxLength } = this.search;
    const plural = titleOf(this.feature).toLowerCase();
    const isWhole = name === 'email';
    const label = isWhole ? `Find ${plural} by email` : `Search ${plural}`;
    // A part of an address is refused: it is looked for once it is whole.
    const ask = (words) => this.ask({ [name]: isWhole && !/.@.+\../.test(words) ? '' : words });
    let timer;
    const input = element('input', {
      type: 'search',
      'aria-label': label,
      placeholder: label,
      maxlength: maxLength,
      autocomplete: 'off',
      dir: 'auto',
      'data-search': true,
      'data-testid': 'search',
      oninput: () => {
        clearTimeout(timer);
        timer = setTimeout(() => void ask(input.value.trim()), SEARCH_AFTER_MS);
      },
    });
    input.value = this.query.get(name) ?? '';
    return element(
      'div',
      { class: 'search' },
      icon('search'),
      input,
      element('kbd', { 'aria-hidden': 'true' }, '/'),
    );
  }

  filterFields() {
    const { feature, query } = this;
    const owner = seesOthers(feature)
      ? [
          choose(
            'Whose',
            [
              ['', `My ${titleOf(feature).toLowerCase()}`],
              ['all', "Everyone's"],
            ],
            query.get('owner') ?? '',
            (value) => void this.ask({ owner: value }),
          ),
        ]
      : [];
    const filters = feature.filters.flatMap((field) => {
      if (field.name === 'sort') {
        const orders = [['', 'Newest first'], ...field.values.map(orderOf)];
        return [choose('Order', orders, query.get('sort') ?? '', (value) => void this.ask({ sort: value }))];
      }
      const choices = field === this.search ? undefined : choicesOf(field);
      if (!choices) return [];
      const label = labelOf(field);
      const change = (value) => void this.ask({ [field.name]: value });
      return [choose(label, [['', `${label}: any`], ...choices], query.get(field.name) ?? '', change)];
    });
    return [...owner, ...filters];
  }

  render(view) {
    const { feature } = this;
    this.bar = element('div', { class: 'list-bar', role: 'search' }, this.searchField(), this.filterFields());
    view.append(
      element(
        'header',
        { class: 'page-head' },
        element(
          'div',
          { class: 'page-title row-title' },
          element('h1', { tabindex: '-1' }, titleOf(feature)),
          this.count,
        ),
        element('div', { class: 'page-actions' }, mayCreate(feature) && newLink(feature)),
      ),
      this.bar.childElementCount > 0 ? this.bar : '',
      this.body,
    );
    return this.load();
  }
}

export async function show(view, context) {
  await new RecordList(context).render(view);
  return titleOf(context.feature);
}
