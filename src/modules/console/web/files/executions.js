import { attentionText, countAttention } from './attention.js';
import { mayUse } from './caller.js';
import { element } from './dom.js';
import { isFinished, progressBar, STATUSES, statusBadge } from './execution-words.js';
import { choose, Listing, listHead } from './listing.js';
import { organization } from './organization.js';
import { at } from './root.js';
import { emptyCard, noMatch, table } from './table.js';
import { time } from './values.js';

const PATH = 'api/v1/executions';
const ADDRESS = 'console/executions';
const LOOK_MS = 4000;
const TYPED_MS = 300;
const ATTENTION = 'needs-attention';

/** What is to be known of an execution in one line. */
function aboutOf({ status, progress, error, steps }) {
  if (error && status !== 'succeeded') return element('span', { dir: 'auto' }, error.message);
  if (progress && status !== 'succeeded') return progressBar(progress);
  const unknown = steps.find((step) => step.status === 'unknown');
  if (unknown) return `What became of ${unknown.name}?`;
  const waiting = steps.find((step) => step.status === 'waiting');
  if (waiting && status === 'waiting')
    return `${waiting.effect === 'sleep' ? 'Sleeps:' : 'Waits for'} ${waiting.name}`;
  return element('span', { class: 'quiet' }, '—');
}

function rowOf(execution) {
  const { id, type, status, createdAt } = execution;
  return element(
    'tr',
    { 'data-testid': 'record-row', 'data-id': id, class: status === ATTENTION && 'urgent' },
    element(
      'th',
      { scope: 'row' },
      element('a', { href: at(`${ADDRESS}/${id}`), class: 'row-link', 'data-row-link': true }, type),
    ),
    element('td', { class: 'type-enum state' }, statusBadge(status)),
    element('td', {}, aboutOf(execution)),
    element('td', { class: 'changed' }, time(createdAt)),
  );
}

class Executions extends Listing {
  tableOf(records) {
    for (const { type } of records) this.types.add(type);
    this.known.replaceChildren(...[...this.types].toSorted().map((value) => element('option', { value })));
    return table(
      'Executions',
      ['Type', ['Status', 'state'], 'So far', ['Started', 'changed']],
      records.map(rowOf),
    );
  }

  emptyOf(isFiltered, clear) {
    if (isFiltered) return noMatch('executions', clear);
    return emptyCard(
      'executions',
      'No executions yet',
      'Work that outlives its request is shown here: what it has done, and what it waits for.',
    );
  }

  /** Says how many wait for somebody to look at them, whatever the list shows. */
  prepare = async () => {
    const total = await countAttention({ owner: this.query.get('owner'), signal: this.signal });
    this.urgent.hidden = total === 0 || this.query.get('status') === ATTENTION;
    this.urgentText.textContent = attentionText(total);
  };

  async render(view) {
    const { query } = this;
    this.types = new Set();
    this.known = element('datalist', { id: 'execution-types' });
    this.urgentText = element('span', {});
    const look = () => {
      this.bar.querySelector('[data-status]').value = ATTENTION;
      void this.ask({ status: ATTENTION });
    };
    this.urgent = element(
      'div',
      { class: 'notice', role: 'status', hidden: true, 'data-testid': 'attention' },
      this.urgentText,
      element('button', { type: 'button', class: 'small-button', onclick: look }, 'Show'),
    );
    this.bar = element('div', { class: 'list-bar', role: 'search' }, await this.filters(query));
    view.append(listHead('Executions', this.count), this.urgent, this.bar, this.body);
    await this.load();
    // What is under way changes by itself.
    const timer = setInterval(() => {
      const isLive = this.records?.some((each) => !isFinished(each));
      if (isLive && document.visibilityState === 'visible') void this.load({ isSeen: false });
    }, LOOK_MS);
    this.signal.addEventListener('abort', () => clearInterval(timer));
  }

  async filters(query) {
    const statuses = ['needs-attention', 'running', 'waiting', 'queued', 'failed', 'succeeded', 'cancelled'];
    const status = choose(
      'Status',
      [['', 'Status: any'], ...statuses.map((each) => [each, STATUSES[each][0]])],
      query.get('status') ?? '',
      (value) => void this.ask({ status: value }),
    );
    status.dataset.status = '';
    let timer;
    const type = element('input', {
      type: 'search',
      list: 'execution-types',
      'aria-label': 'Type',
      placeholder: 'Type, such as invoices.remind',
      maxlength: '130',
      autocomplete: 'off',
      spellcheck: 'false',
      'data-search': true,
      'data-testid': 'search',
      oninput: () => {
        clearTimeout(timer);
        timer = setTimeout(() => void this.ask({ type: type.value.trim() }), TYPED_MS);
      },
    });
    type.value = query.get('type') ?? '';
    const whose = [
      ['', 'My executions'],
      ['all', "Everyone's"],
    ];
    const seesAll = !organization() && (await mayUse('executions:read'));
    return [
      element('div', { class: 'search plain' }, type, this.known),
      status,
      seesAll && choose('Whose', whose, query.get('owner') ?? '', (value) => void this.ask({ owner: value })),
    ].filter(Boolean);
  }
}

export async function show(view, { query, signal }) {
  await new Executions({ path: PATH, address: at(ADDRESS), query, signal }).render(view);
  return 'Executions';
}
