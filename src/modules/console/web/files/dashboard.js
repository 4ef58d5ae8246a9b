import { showAccount } from './account.js';
import { busy, find, toast } from './dom.js';
import { loadHealth, watchHealth } from './health.js';
import { loadProjects } from './projects.js';
import { Failure } from './request.js';
import { showSecondFactor } from './second-factor.js';
import { call, onSessionEnd, openSession, signOut } from './session.js';
import { loadSessions } from './sessions.js';
import './step-up.js';
import { sentence } from './words.js';

const parts = { loading: '[data-loading]', failed: '[data-failed]', main: '[data-main]' };

/** Shows one of the three faces of the page, all at once, so that nothing jumps while parts arrive. */
function face(name) {
  for (const [each, selector] of Object.entries(parts)) find(selector).hidden = each !== name;
}

async function load() {
  const session = await openSession();
  if (!session) return location.replace('login');
  const [{ data: user }] = await Promise.all([
    call('GET', 'api/v1/auth/me'),
    loadProjects(),
    loadSessions(),
    loadHealth(),
  ]);
  showAccount(user);
  showSecondFactor(user);
  return face('main');
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
onSessionEnd((reason) => {
  if (isLeaving) return;
  isLeaving = true;
  location.replace(`login#${reason}`);
});
find('[data-sign-out]').addEventListener('click', ({ currentTarget }) =>
  busy(currentTarget, async () => {
    try {
      await signOut();
      return 'leaving';
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return toast(sentence(error));
    }
  }),
);
find('[data-retry]').addEventListener('click', () => void start());
// A page that the browser has kept shows what was true when it was left.
addEventListener('pageshow', ({ persisted }) => persisted && location.reload());

await start();
watchHealth();
