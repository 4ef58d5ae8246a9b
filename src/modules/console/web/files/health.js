import { element, find } from './dom.js';
import { ago } from './words.js';

const EVERY_MS = 30_000;
const NAMES = { database: 'Database', redis: 'Redis', external: 'Language model' };
const STATES = { ok: ['Working', 'ok'], error: ['Not working', 'bad'], disabled: ['Not in use', ''] };
const OVERALL = {
  ok: ['All well', 'ok'],
  degraded: ['Partly working', 'warn'],
  error: ['Not working', 'bad'],
};

const section = find('[data-health]');

function badge(place, [text, kind]) {
  place.textContent = text;
  place.className = `badge ${kind}`;
}

function showHealth({ status, timestamp, services }) {
  badge(find('[data-state]', section), OVERALL[status]);
  const facts = Object.entries(services).map(([name, service]) => {
    const state = element('dd', {}, element('span', {}));
    badge(state.firstChild, STATES[service.status]);
    return element('div', {}, element('dt', {}, NAMES[name] ?? name), state);
  });
  find('[data-list]', section).replaceChildren(...facts);
  find('[data-checked]', section).textContent = `Checked ${ago(timestamp)}.`;
}

/** Reads how the services are. An outage is an answer too: 503 with the same body. */
export async function loadHealth() {
  try {
    const response = await fetch('health');
    showHealth(await response.json());
  } catch {
    badge(find('[data-state]', section), ['Not reachable', 'bad']);
    find('[data-checked]', section).textContent = 'The server does not answer.';
  }
}

/** Keeps what is shown of the services fresh while somebody can see it. */
export function watchHealth() {
  setInterval(() => document.visibilityState === 'visible' && void loadHealth(), EVERY_MS);
}
