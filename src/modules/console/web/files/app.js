import { lookForAttention } from './attention.js';
import { find, toast } from './dom.js';
import { setFeatures } from './features.js';
import { isDirty, onNavigate, showCurrent } from './navigate.js';
import { show } from './router.js';
import { at, below } from './root.js';
import { Failure } from './request.js';
import { call, forgets, onProofNeeded, onSessionEnd, onSignInNeeded, openSession } from './session.js';
import { showSidebar } from './sidebar.js';
import { showSwitcher } from './switcher.js';
import { flushDeletions } from './deletion.js';
import { setUser } from './user.js';
import './keyboard.js';
import { sentence } from './words.js';

const faces = { loading: '[data-loading]', failed: '[data-failed]', app: '[data-app]' };

/** Shows one of the three faces of the page, all at once, so that nothing jumps while parts arrive. */
function face(name) {
  for (const [each, selector] of Object.entries(faces)) find(selector).hidden = each !== name;
}

async function load() {
  const session = await openSession();
  if (!session) {
    const path = below(location.href);
    if (forgets()) return location.replace(at('login#forgotten'));
    return location.replace(at(path === 'dashboard' ? 'login' : `login#to=${encodeURIComponent(path)}`));
  }
  const [{ data: user }, { data: features }] = await Promise.all([
    call('GET', 'api/v1/auth/me'),
    call('GET', 'console/features'),
  ]);
  setUser(user);
  setFeatures(features);
  await showSwitcher();
  showSidebar();
  await showCurrent();
  face('app');
  return void lookForAttention();
}

async function start() {
  face('loading');
  try {
    await load();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    face('failed');
    find('[data-failed] [data-alert]').textContent = sentence(error);
  }
}

let isLeaving = false;
onNavigate(show);
// Seldom needed, so loaded when they are.
onSignInNeeded(async () => {
  if (!isDirty()) return false;
  const { signInOver } = await import('./sign-in-over.js');
  return signInOver();
});
onProofNeeded(async (body) => {
  const { askForProof } = await import('./step-up.js');
  return askForProof(body);
});
onSessionEnd((reason) => {
  // What was typed stays: the next request asks to sign in over it.
  if (isLeaving || (reason === 'ended' && isDirty())) return;
  isLeaving = true;
  location.replace(at(`login#${reason}`));
});
find('[data-retry]').addEventListener('click', () => void start());
// A page that the browser has kept shows what was true when it was left.
addEventListener('pageshow', ({ persisted }) => persisted && location.reload());
addEventListener('pagehide', flushDeletions);
// Firefox may end a page before what it sends last is on its way: where nobody is asked whether to stay, it is sent sooner.
addEventListener('beforeunload', () => isDirty() || flushDeletions());
addEventListener('offline', () => toast('You are offline. What you type stays here.'));
addEventListener('online', () => toast('You are online again.'));

await start();
