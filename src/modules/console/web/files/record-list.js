import { element } from './dom.js';
import {
  aboutOf,
  addressOf,
  labelOf,
  mayCreate,
  mayDelete,
  mayImport,
  nameOf,
  searchOf,
  titleFieldOf,
  titleOf,
} from './features.js';
import { icon } from './icons.js';
import { filtersOf } from './list-filters.js';
import { Listing, listHead } from './listing.js';
import { readMany, readRest, targetOf } from './references.js';
import { emptyCard, noMatch, table, toolsHead } from './table.js';
import { trashTools } from './trash.js';
import { cell, time } from './values.js';

const MOST_COLUMNS = 6;
const SEARCH_AFTER_MS = 250;
const NO_COLUMN = new Set(['metadata', 'object', 'richtext']);
const OF_EVERY_RECORD = new Set(['id', 'version', 'createdAt', 'updatedAt', 'ownerId', 'createdBy']);
/** What says most in one line comes first, where there is no room for all. */
const RANK = [
  'email',
  'enum',
  'money',
  'reference',
  'date',
  'day',
  'boolean',
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
  // One of each type before another of the same.
  const turnOf = (field) => fitting.filter(({ type }) => type === field.type).indexOf(field);
  const ranked = fitting.toSorted(
    (a, b) => turnOf(a) - turnOf(b) || RANK.indexOf(a.type) - RANK.indexOf(b.type),
  );
  const best = new Set(ranked.slice(0, MOST_COLUMNS - 1));
  return fitting.filter((field) => best.has(field));
}

/** @param tools of a record that has no page: it is in the trash */
function rowOf(feature, columns, record, tools) {
  const name = nameOf(feature, record);
  return element(
    'tr',
    { 'data-testid': 'record-row', 'data-id': record.id },
    element(
      'th',
      { scope: 'row', dir: 'auto' },
      tools
        ? name
        : element(
            'a',
            { href: addressOf(feature, record.id), class: 'row-link', 'data-row-link': true },
            name,
          ),
    ),
    columns.map((field) => element('td', { class: `type-${field.type}` }, cell(field, record[field.name]))),
    element('td', { class: 'type-date changed' }, record.updatedAt ? time(record.updatedAt) : ''),
    tools && element('td', { class: 'row-tools' }, tools),
  );
}

function tableOf(feature, columns, records, toolsOf) {
  const title = titleFieldOf(feature);
  const heads = [
    title ? labelOf(title) : 'Record',
    ...columns.map((field) => [labelOf(field), `type-${field.type}`]),
    ['Changed', 'changed'],
    ...(toolsOf ? [toolsHead()] : []),
  ];
  const rows = records.map((record) => rowOf(feature, columns, record, toolsOf?.(record)));
  return table(titleOf(feature), heads, rows);
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
  if (isFiltered) return noMatch(plural, clear);
  return emptyCard('records', `No ${plural} yet`, aboutOf(feature), mayCreate(feature) && newLink(feature));
}

class RecordList extends Listing {
  constructor({ feature, query, signal }) {
    super({ path: feature.readPath, recordPath: feature.path, address: addressOf(feature), query, signal });
    this.feature = feature;
    this.columns = columnsOf(feature);
    this.references = this.columns.filter(({ type }) => type === 'reference');
    this.search = searchOf(feature);
  }

  prepare = () => Promise.all(this.references.map((field) => readMany(targetOf(field))));

  async show(answer) {
    await Promise.all(this.references.map((field) => readRest(field, answer.data)));
    await super.show(answer);
    // Where there is nothing at all, there is nothing to look for but what is elsewhere.
    this.bar.classList.toggle('bare', this.records.length === 0 && this.page === 1 && !this.isFiltered);
  }

  tableOf(records) {
    const { feature, columns } = this;
    const changed = () => this.load({ isSeen: false });
    const toolsOf = (record) => (mayDelete(feature, record) ? trashTools(feature, record, changed) : []);
    return tableOf(feature, columns, records, this.query.has('trash') ? toolsOf : undefined);
  }

  emptyOf(isFiltered, clear) {
    return emptyOf(this.feature, isFiltered, clear);
  }

  searchField() {
    if (!this.search) return undefined;
    const { name, type, maxLength } = this.search;
    const plural = titleOf(this.feature).toLowerCase();
    const isWhole = type === 'email';
    const label = name === 'email' ? `Find ${plural} by email` : `Search ${plural}`;
    // A part of an address is refused: it is looked for once it is whole.
    const ask = (words) => this.searchFor(name, isWhole && !/.@.+\../.test(words) ? '' : words);
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

  /** Words are answered by how well they fit: orders and ranges have no place beside them. */
  async searchFor(name, words) {
    const others = [...this.query.keys()].filter((each) => each === 'sort' || each.endsWith(']'));
    const ousted = name === 'q' && words !== '' && others.length > 0;
    const changes = ousted ? Object.fromEntries(others.map((each) => [each, ''])) : {};
    await this.ask({ ...changes, [name]: words });
    if (ousted) this.filters.replaceChildren(...filtersOf(this));
  }

  clear() {
    const asked = super.clear();
    this.filters.replaceChildren(...filtersOf(this));
    return asked;
  }

  importButton() {
    const { feature, signal } = this;
    const open = async () => {
      const { openImport } = await import('./import-dialog.js');
      openImport(feature, { created: () => void this.load({ isSeen: false }), signal });
    };
    return element(
      'button',
      { type: 'button', 'data-testid': 'import-button', onclick: () => void open() },
      icon('upload'),
      'Import…',
    );
  }

  render(view) {
    const { feature } = this;
    this.filters = element('div', { class: 'filters' }, filtersOf(this));
    this.bar = element('div', { class: 'list-bar', role: 'search' }, this.searchField(), this.filters);
    view.append(
      listHead(
        titleOf(feature),
        this.count,
        mayImport(feature) && this.importButton(),
        mayCreate(feature) && newLink(feature),
      ),
      this.search || this.filters.childElementCount > 0 ? this.bar : '',
      this.body,
    );
    return this.load();
  }
}

export async function show(view, context) {
  await new RecordList(context).render(view);
  return titleOf(context.feature);
}
