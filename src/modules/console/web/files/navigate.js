import { below } from './root.js';

/** Shows pages of the console without loading a new one: one address each, with the browser's history. */
let render = () => undefined;
const NOTHING_TYPED = { isDirty: () => false, ask: async () => true };
let leaving = NOTHING_TYPED;
/** Where the page that is shown is, for when somebody stays on it. */
let shown = location.href;

export function onNavigate(show) {
  render = show;
}

/** `ask` answers whether a page may be left on which something was typed. A page says so each time it is shown. */
export function beforeLeaving(isDirty, ask) {
  leaving = { isDirty, ask };
}

/** Whether something was typed that leaving the page would lose. */
export const isDirty = () => leaving.isDirty();
const mayLeave = async () => !leaving.isDirty() || leaving.ask();

/** Goes to an address. `replace` leaves no step behind in the history; `force` asks nobody. */
export async function go(address, { replace = false, force = false } = {}) {
  if (!force && !(await mayLeave())) return;
  history[replace ? 'replaceState' : 'pushState'](null, '', address);
  await showCurrent();
}

/** Writes what a page shows into its address, without showing it again. */
export function note(address) {
  history.replaceState(null, '', address);
  shown = location.href;
}

export async function showCurrent() {
  shown = location.href;
  leaving = NOTHING_TYPED;
  await render(below(location.href));
}

const isOfConsole = (path) => path !== undefined && /^(dashboard|console\/)/.test(path);

document.addEventListener('click', (event) => {
  const link = event.target.closest('a[href]');
  if (!link || link.target || link.hasAttribute('download') || event.defaultPrevented) return;
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (link.getAttribute('href').startsWith('#') || !isOfConsole(below(link.href))) return;
  event.preventDefault();
  void go(link.href);
});

addEventListener('popstate', async () => {
  if (!leaving.isDirty()) return void showCurrent();
  const target = location.href;
  // The address has changed already: it is put back for as long as the question stands.
  history.pushState(null, '', shown);
  if (await leaving.ask()) await go(target, { replace: true, force: true });
});

addEventListener('beforeunload', (event) => leaving.isDirty() && event.preventDefault());
