import { combobox } from './combobox.js';
import { element } from './dom.js';
import { capitalised, labelOf, searchOf, seesOthers, titleOf } from './features.js';
import { choose } from './listing.js';

const TYPED_MS = 400;
const DAY_MS = 24 * 3600 * 1000;

const spaced = (value) => capitalised(String(value).replaceAll(/[-_]/g, ' '));

/** `dueAt`, `-dueAt` → `Due at, ascending` */
function orderOf(order) {
  const name = order.replace(/^-/, '');
  return [order, `${labelOf({ name })}, ${order === name ? 'ascending' : 'descending'}`];
}

/** Filters that a list of choices can be made of. */
function choicesOf({ type, values, item }) {
  if (type === 'boolean') {
    return [
      ['true', 'Yes'],
      ['false', 'No'],
    ];
  }
  const all = type === 'list' ? item.values : type === 'enum' && values;
  return all ? all.map((value) => [String(value), spaced(value)]) : undefined;
}

/** Calls back once somebody has stopped typing. */
function later(act) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, TYPED_MS);
  };
}

const pad = (value) => String(value).padStart(2, '0');
const dayOf = (date) => `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
/** Midnight where the browser is, so many days later. */
const midnight = (day, days) => new Date(new Date(`${day}T00:00`).getTime() + days * DAY_MS);

/** How the two ends of a range are typed, sent and shown again. */
const ENDS = {
  date: {
    from: ['gte', (text) => midnight(text, 0).toISOString(), (value) => dayOf(new Date(value))],
    to: ['lt', (text) => midnight(text, 1).toISOString(), (value) => dayOf(new Date(Date.parse(value) - 1))],
  },
  other: { from: ['gte', String, String], to: ['lte', String, String] },
};

const INPUT_OF = { date: 'date', integer: 'number', number: 'number' };

/** `dueAt[gte]` and the like of one field, as two inputs. */
function range(list, name, type) {
  const label = labelOf({ name });
  const end = (side) => {
    const [operator, write, read] = (ENDS[type] ?? ENDS.other)[side];
    const parameter = `${name}[${operator}]`;
    const input = element('input', {
      type: INPUT_OF[type] ?? 'text',
      'aria-label': `${label} ${side}`,
      'data-filter': parameter,
    });
    const asked = list.query.get(parameter);
    if (asked) input.value = read(asked);
    const ask = () => void list.ask({ [parameter]: input.value && write(input.value) });
    input.addEventListener('input', later(ask));
    return input;
  };
  return element(
    'span',
    { class: 'range' },
    element('span', { class: 'quiet' }, label),
    end('from'),
    '–',
    end('to'),
  );
}

function reference(list, field) {
  const { name } = field;
  const id = `filter-${name}`;
  const control = combobox(field, { id, value: list.query.get(name) });
  if (!control) return undefined;
  const label = labelOf(field);
  control.input.setAttribute('aria-label', label);
  control.input.setAttribute('placeholder', `${label}: any`);
  control.node.addEventListener('change', () => void list.ask({ [name]: control.read() ?? '' }));
  return control.node;
}

/** A value that has to be typed. */
function typed(list, field) {
  const label = labelOf(field);
  const input = element('input', {
    type: 'search',
    class: 'typed',
    'aria-label': label,
    placeholder: `${label}: any`,
    maxlength: field.maxLength,
    autocomplete: 'off',
  });
  input.value = list.query.get(field.name) ?? '';
  input.addEventListener(
    'input',
    later(() => void list.ask({ [field.name]: input.value.trim() })),
  );
  return input;
}

function filterOf(list, field) {
  const { name, type } = field;
  const { query } = list;
  if (name === 'sort') {
    const orders = [['', 'Newest first'], ...field.values.map(orderOf)];
    return choose('Order', orders, query.get('sort') ?? '', (value) => void list.ask({ sort: value }));
  }
  if (name === 'trash') {
    const places = [
      ['', 'In use'],
      ['true', 'In the trash'],
    ];
    return choose('Trash', places, query.get('trash') ?? '', (value) => void list.ask({ trash: value }));
  }
  const [, ranged] = /^(.+)\[gte\]$/.exec(name) ?? [];
  if (ranged) return range(list, ranged, type);
  if (name.endsWith(']')) return undefined;
  const choices = choicesOf(field);
  const label = labelOf(field);
  if (choices) {
    const all = [['', `${label}: any`], ...choices];
    return choose(label, all, query.get(name) ?? '', (value) => void list.ask({ [name]: value }));
  }
  if (type === 'reference') return reference(list, field);
  return name === 'metadata' ? undefined : typed(list, field);
}

/** What a list can be asked for, beside the words that are searched. */
export function filtersOf(list) {
  const { feature, query } = list;
  const whose = [
    ['', `My ${titleOf(feature).toLowerCase()}`],
    ['all', "Everyone's"],
  ];
  const owner =
    seesOthers(feature) &&
    choose('Whose', whose, query.get('owner') ?? '', (value) => void list.ask({ owner: value }));
  const search = searchOf(feature);
  // Words are found in the title as well.
  const isSaid = (field) => field === search || (search?.name === 'q' && field.type === 'text');
  const filters = feature.filters.filter((field) => !isSaid(field)).map((field) => filterOf(list, field));
  return [owner, ...filters].filter(Boolean);
}
