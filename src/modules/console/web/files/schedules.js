import { mayUse } from './caller.js';
import { busy, element, toast } from './dom.js';
import { listHead } from './listing.js';
import { go } from './navigate.js';
import { Failure } from './request.js';
import { at } from './root.js';
import { call } from './session.js';
import { emptyCard, table, toolsHead } from './table.js';
import { time } from './values.js';
import { number, sentence } from './words.js';

const PATH = 'api/v1/schedules';
const executionAt = (id) => at(`console/executions/${id}`);

/** Starts one now, beside its times, and shows what it does. */
async function run({ id }) {
  try {
    const { data } = await call('POST', `${PATH}/${id}/run`);
    await go(executionAt(data.id));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    toast(sentence(error));
  }
}

function rowOf(schedule, mayRun) {
  const { id, type, cron, timeZone, nextAt, lastAt, lastExecutionId } = schedule;
  const last = lastExecutionId && element('a', { href: executionAt(lastExecutionId) }, time(lastAt));
  const button = element('button', { type: 'button', class: 'small-button' }, 'Run now');
  button.setAttribute('aria-label', `Run now: ${type}`);
  button.addEventListener('click', () => void busy(button, () => run(schedule)));
  return element(
    'tr',
    { 'data-testid': 'record-row', 'data-id': id },
    element('th', { scope: 'row' }, type),
    element('td', {}, element('code', {}, cron), element('span', { class: 'quiet' }, ` ${timeZone}`)),
    element('td', { class: 'state' }, time(nextAt)),
    element('td', {}, last || element('span', { class: 'quiet' }, 'Not yet')),
    element('td', { class: 'row-tools' }, mayRun && button),
  );
}

export async function show(view) {
  const [{ data }, mayRun] = await Promise.all([call('GET', PATH), mayUse('executions:write')]);
  const count = element('span', { class: 'count' }, number(data.length));
  const rows = data.toSorted((a, b) => a.type.localeCompare(b.type)).map((each) => rowOf(each, mayRun));
  const heads = ['Type', 'Times', ['Next', 'state'], 'Last', toolsHead()];
  const body =
    rows.length > 0
      ? element('div', { class: 'table-box' }, table('Schedules', heads, rows))
      : emptyCard(
          'executions',
          'No schedules',
          'Work that starts by itself, such as every night, stands here.',
        );
  view.append(listHead('Schedules', count), element('div', { class: 'list-body' }, body));
  return 'Schedules';
}
