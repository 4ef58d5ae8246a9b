import { element, find } from './dom.js';
import { featureOf } from './features.js';
import { Failure } from './request.js';
import { showCurrent } from './navigate.js';
import { PAGES } from './page-list.js';
import { at } from './root.js';
import { markCurrent, maySee } from './sidebar.js';
import { sentence } from './words.js';

/** Loaded when a page of it is first shown. */
const scripts = new Map(PAGES.map(({ path, script }) => [path, () => import(`./${script}.js`)]));
const recordScripts = new Map(
  PAGES.filter(({ recordScript }) => recordScript).map(({ path, recordScript }) => [
    path,
    () => import(`./${recordScript}.js`),
  ]),
);

const main = find('[data-main]');
const product = document.title.split(' · ').at(-1);
let turn = 0;
let leave = new AbortController();

function pageOf(path) {
  const own = PAGES.find((page) => path === page.path || path.startsWith(`${page.path}/`));
  if (own && !maySee(own)) return { load: () => ({ show: refuse }) };
  const known = scripts.get(path);
  if (known) return { load: known };
  const [, plural = '', id] = path.split('/');
  const ofRecord = recordScripts.get(`console/${plural}`);
  const feature = featureOf(plural);
  if (ofRecord && id) return { load: ofRecord, feature, id };
  if (!feature) return undefined;
  return id
    ? { load: () => import('./record-page.js'), feature, id }
    : { load: () => import('./record-list.js'), feature };
}

/** Says in place of a page why it cannot be shown. */
function fault(title, text, ...actions) {
  return element(
    'div',
    { class: 'empty' },
    element('h1', { tabindex: '-1' }, title),
    element('p', { class: 'quiet', role: 'alert' }, text),
    element('p', { class: 'inline-actions' }, actions),
  );
}

const overviewLink = () => element('a', { class: 'button', href: at('dashboard') }, 'Go to the overview');

/** To who has typed the address of a page that no link leads to. */
function refuse(view) {
  view.append(fault('Not for your role', 'Only administrators can see this page.', overviewLink()));
  return 'Not for your role';
}

function faultOf(error) {
  if (error.status === 404) {
    return fault('Not found', 'It is gone, or it never was here.', overviewLink());
  }
  const again = element('button', { type: 'button', onclick: () => void showCurrent() }, 'Try again');
  return fault('This page cannot be shown', sentence(error), again);
}

async function render(page, view, context) {
  if (!page) {
    view.append(faultOf(new Failure({ status: 404 })));
    return 'Not found';
  }
  try {
    const { show: showPage } = await page.load();
    return await showPage(view, context);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    view.replaceChildren(faultOf(error));
    return 'Error';
  }
}

/** Shows the page of an address: the old one stays, dimmed, until the new one is complete. */
export async function show(address) {
  const own = ++turn;
  leave.abort();
  leave = new AbortController();
  const [path, query = ''] = address.split('?');
  const page = pageOf(path.replace(/\/$/, ''));
  const view = element('div', { class: 'view' });
  const context = { ...page, query: new URLSearchParams(query), signal: leave.signal };
  main.setAttribute('aria-busy', 'true');
  const title = await render(page, view, context);
  // Somebody has gone on meanwhile.
  if (own !== turn) return;
  const isFirst = main.childElementCount === 0;
  main.removeAttribute('aria-busy');
  main.replaceChildren(view);
  document.title = `${title} · ${product}`;
  markCurrent(path);
  if (isFirst) return;
  scrollTo(0, 0);
  (view.querySelector('[data-focus]') ?? view.querySelector('h1'))?.focus();
}
