import { chart } from './chart.js';
import { element, find, fromTemplate } from './dom.js';
import { Failure } from './request.js';
import { call } from './session.js';
import { duration, exactly, number, sentence } from './words.js';

const NAMES = { database: 'Database', redis: 'Redis', external: 'Language model' };
const STATES = { ok: ['Operational', 'ok'], error: ['Down', 'bad'], disabled: ['Not in use', ''] };
const OVERALL = { ok: ['Operational', 'ok'], degraded: ['Degraded', 'warn'], error: ['Down', 'bad'] };
const MEBIBYTE = 1024 * 1024;

const round = (value, digits = 1) => number(Number(value.toFixed(digits)));

/** What is drawn of each sample. */
const CHARTS = [
  ['Requests', ({ requests }) => requests, (value) => `${round(value)} /s`],
  ['Slowest 1% (p99)', ({ p99 }) => p99, (value) => `${round(value, 0)} ms`],
  ['Server errors', ({ errors }) => errors, (value) => `${round(value)} /s`],
  ['Event loop busy', ({ eventLoop }) => eventLoop, (value) => `${round(value * 100, 0)}%`, 1],
  ['Memory', ({ memory }) => memory, (value) => `${round(value / MEBIBYTE, 0)} MiB`],
  ['Open connections', ({ connections }) => connections, (value) => number(value)],
];

function badge([text, kind]) {
  return element('span', { class: `badge ${kind}` }, text);
}

function chartCard(samples, [title, valueOf, write, most]) {
  const values = samples.map(valueOf);
  const last = values.findLast((value) => value !== null && value !== undefined);
  const text = last === undefined ? '—' : write(last);
  const peak = Math.max(...values.map((value) => value ?? 0));
  return element(
    'section',
    { class: 'card chart-card', 'aria-label': title },
    element('h2', {}, title),
    element('p', { class: 'chart-value' }, text),
    chart(values, { label: `${title}: now ${text}, at most ${write(peak)}`, most }),
  );
}

const row = (title, value) => element('div', {}, element('dt', {}, title), element('dd', {}, value));

function draw(view, { health, samples, process, everySeconds }) {
  const state = find('[data-state]', view);
  const [text, kind] = OVERALL[health.status];
  state.textContent = text;
  state.className = `badge ${kind}`;
  find('[data-about]', view).textContent =
    `The last ${duration(Math.max(samples.length * everySeconds, everySeconds))} of this process, as of ${exactly(health.timestamp)}.`;
  find('[data-charts]', view).replaceChildren(...CHARTS.map((each) => chartCard(samples, each)));
  find('[data-services]', view).replaceChildren(
    ...Object.entries(health.services).map(([name, { status }]) =>
      row(NAMES[name] ?? name, badge(STATES[status])),
    ),
  );
  find('[data-process]', view).replaceChildren(
    row('Release', process.release),
    row('Node.js', process.node),
    row('Mode', process.mode),
    row('Up for', duration(process.uptime)),
    row('Memory', `${round(process.memory / MEBIBYTE, 0)} MiB`),
  );
}

export async function show(view, { signal }) {
  view.append(fromTemplate('system'));
  const read = async () => {
    const { data } = await call('GET', 'console/system', { signal });
    draw(view, data);
    return data;
  };
  const { everySeconds } = await read();
  const timer = setInterval(async () => {
    if (document.visibilityState !== 'visible') return;
    try {
      await read();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (error.code !== 'CANCELLED') find('[data-about]', view).textContent = sentence(error);
    }
  }, everySeconds * 1000);
  signal.addEventListener('abort', () => clearInterval(timer));
  return 'System';
}
