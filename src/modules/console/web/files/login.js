import { find } from './dom.js';
import { clear, mark, onSubmit, refuseWithoutStorage, revealable } from './form.js';
import { Failure } from './request.js';
import { onSessionEnd, openSession, signIn } from './session.js';

/** As long as what stands there before, so that nothing moves. */
const REASONS = {
  '#ended': 'Your session has ended. Sign in again to continue.',
  '#signed-out': 'You are signed out. Sign in again at any time.',
  '#deleted': 'Your account is deleted, with everything in it.',
};

const form = find('[data-form]');
const code = find('[data-otp]');

function askForCode() {
  code.hidden = false;
  clear(form);
  const field = find('input', code);
  field.required = true;
  mark(field);
  field.focus();
}

refuseWithoutStorage();
revealable();
const next = wanted();
onSubmit(form, async (values) => {
  try {
    await signIn(values);
  } catch (error) {
    if (!(error instanceof Failure && error.code === 'OTP_REQUIRED')) throw error;
    return askForCode();
  }
  location.assign(next ?? 'dashboard');
  return 'leaving';
});

/** The page that somebody wanted who was not signed in; never one of another site. */
function wanted() {
  const path = new URLSearchParams(location.hash.slice(1)).get('to');
  return path && /^(dashboard|console\/|invitation#)/.test(path) ? path : undefined;
}

const reason = REASONS[location.hash];
if (reason) find('[data-lead]').textContent = reason;
if (location.hash) {
  history.replaceState(null, '', location.pathname);
}
// Ended in another tab: this page is the right one already.
onSessionEnd(() => {});
// Whoever is signed in has no business here. Without a server the form says what is wrong.
const known = await openSession().catch(() => undefined);
if (known) location.replace(next ?? 'dashboard');
