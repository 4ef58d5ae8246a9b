import { isBeingDeleted } from './deletion.js';
import { element } from './dom.js';
import { note } from './navigate.js';
import { pager } from './pager.js';
import { Failure } from './request.js';
import { call } from './session.js';
import { fault, number, sentence } from './words.js';

const PER_PAGE = 25;

/** Orders and filters that no declared list serves are refused with what is possible. */
const refusalOf = (error) =>
  error.details.length > 0 ? error.details.map(fault).join(' ') : sentence(error);

/**
 * A list that is read page by page; its address holds what it is asked for. `tableOf(records)` and `emptyOf(isFiltered)`
 * make what is shown, `prepare()` reads what that needs besides.
 */
export class Listing {
  prepare = () => undefined;

  /** @param recordPath where the records are deleted, unless that is where they are read */
  constructor({ path, recordPath = path, address, query, signal }) {
    Object.assign(this, { path, recordPath, address, query, signal });
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
    note(`${this.address}${text ? `?${text}` : ''}`);
    await this.load();
  }

  get page() {
    return Math.max(Number.parseInt(this.query.get('page') ?? '1', 10) || 1, 1);
  }

  get isFiltered() {
    return [...this.query.keys()].some((name) => name !== 'page' && name !== 'owner');
  }

  parameters() {
    const asked = new URLSearchParams(this.query);
    asked.set('page', String(this.page));
    asked.set('limit', String(PER_PAGE));
    asked.set('total', 'true');
    return asked;
  }

  /** Reads the page again. Without being seen where the person has not asked for it. */
  async load({ isSeen = true } = {}) {
    const own = ++this.turn;
    if (isSeen) this.body.setAttribute('aria-busy', 'true');
    try {
      const [answer] = await Promise.all([
        call('GET', `${this.path}?${this.parameters()}`, { signal: this.signal }),
        this.prepare(),
      ]);
      if (own === this.turn) await this.show(answer);
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
    const records = data.filter(({ id }) => !isBeingDeleted(`${this.recordPath}/${id}`));
    const total = pagination.total - (data.length - records.length);
    this.records = records;
    this.count.textContent = number(total);
    if (records.length === 0 && this.page === 1) {
      this.body.replaceChildren(this.emptyOf(this.isFiltered, () => void this.clear()));
      return;
    }
    const turn = (page) => void this.ask({ page: page > 1 ? String(page) : '' }, { keepsPage: true });
    this.body.replaceChildren(
      element('div', { class: 'table-box' }, this.tableOf(records)),
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

  clear() {
    for (const select of this.bar.querySelectorAll('select')) select.selectedIndex = 0;
    for (const field of this.bar.querySelectorAll('input')) field.value = '';
    const names = [...this.query.keys()];
    return this.ask(Object.fromEntries(names.map((name) => [name, ''])));
  }
}

/** A choice in the bar above a list. */
export function choose(label, choices, value, onchange) {
  const select = element(
    'select',
    { 'aria-label': label, onchange: () => onchange(select.value) },
    choices.map(([each, text]) => element('option', { value: each, selected: each === value }, text)),
  );
  return select;
}

/** What stands above a list: its heading with the count, and what can be done. */
export function listHead(title, count, ...actions) {
  return element(
    'header',
    { class: 'page-head' },
    element('div', { class: 'page-title row-title' }, element('h1', { tabindex: '-1' }, title), count),
    element('div', { class: 'page-actions' }, actions.flat()),
  );
}
