import { element } from './dom.js';
import { labelOf } from './features.js';
import { jsonTree } from './json-tree.js';
import { referenceLink } from './references.js';
import { richText, wordsOf } from './safe-html.js';
import { ago, exactly, number } from './words.js';

const nothing = () => element('span', { class: 'quiet', 'aria-label': 'empty' }, '—');
export const isEmpty = (value) => value === null || value === undefined || value === '';

export function time(date) {
  return element('time', { datetime: date, title: exactly(date) }, ago(date));
}

/** Colours tell states apart; which one a word has is the same everywhere. */
function tagOf(value, values = []) {
  const place = Math.max(values.indexOf(value), 0) % 5;
  return element('span', { class: `badge tone-${place}` }, String(value).replaceAll(/[-_]/g, ' '));
}

const text = (value) => element('span', { dir: 'auto' }, String(value));

/** How a value looks where there is one line. */
const CELLS = {
  boolean: (value) => element('span', { class: value ? 'yes' : 'quiet' }, value ? 'Yes' : 'No'),
  date: (value) => time(value),
  integer: (value) => element('span', { class: 'number' }, number(value)),
  number: (value) => element('span', { class: 'number' }, number(value)),
  enum: (value, field) => tagOf(value, field.values),
  reference: (value, field) => referenceLink(field, value),
  richtext: (value) => text(wordsOf(value)),
  list: (value, field) => (value.length === 0 ? nothing() : listCell(value, field.item)),
  metadata: (value) => text(JSON.stringify(value)),
  object: (value) => text(JSON.stringify(value)),
  money: ({ amount, currency }) => element('span', { class: 'number' }, `${amount} ${currency}`),
};

function listCell(value, item) {
  if (item?.type === 'object' || item?.type === 'metadata') return text(`${value.length} entries`);
  return element(
    'span',
    { class: 'chips' },
    value.slice(0, 4).map((each) => element('span', { class: 'chip', dir: 'auto' }, cell(item, each))),
    value.length > 4 && element('span', { class: 'quiet' }, `+${value.length - 4}`),
  );
}

export function cell(field, value) {
  if (isEmpty(value)) return nothing();
  return (CELLS[field?.type] ?? text)(value, field ?? {});
}

function link(value, href) {
  return element('a', { href, rel: 'noopener noreferrer', target: '_blank', dir: 'auto' }, value);
}

/** How a value looks where there is room. */
const WHOLE = {
  date: (value) =>
    element('span', {}, exactly(value), ' ', element('span', { class: 'quiet' }, `(${ago(value)})`)),
  longtext: (value) => element('p', { class: 'prose', dir: 'auto' }, value),
  richtext: (value) => element('div', { class: 'prose rich', dir: 'auto' }, richText(value)),
  metadata: (value) => jsonTree(value),
  url: (value) => link(value, value),
  email: (value) => link(value, `mailto:${value}`),
  object: (value, field) => facts(field.fields ?? [], value),
  list: (value, { item }) =>
    value.length === 0
      ? nothing()
      : element(
          'ul',
          { class: 'plain-list' },
          value.map((each) => element('li', {}, whole(item, each))),
        ),
};

export function whole(field, value) {
  if (isEmpty(value)) return nothing();
  if (field.words) return field.words(value);
  return WHOLE[field.type]?.(value, field) ?? cell(field, value);
}

/** Fields with their values, one below the other. */
export function facts(fields, record) {
  return element(
    'dl',
    { class: 'facts' },
    fields.map((field) =>
      element(
        'div',
        {},
        element('dt', {}, labelOf(field)),
        element('dd', {}, whole(field, record[field.name])),
      ),
    ),
  );
}
