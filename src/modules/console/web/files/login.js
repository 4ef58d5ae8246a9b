import { find } from './dom.js';
import { clear, mark, onSubmit, revealable } from './form.js';
import { Failure } from './request.js';
import { onSessionEnd, openSession, signIn } from './session.js';

/** As long as what stands there before, so that nothing moves. */
const REASONS = {
  '#ended': 'Your session has ended. Sign in again to go on.',
  '#signed-out': 'You are signed out. Sign in again at any time.',
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

revealable();
onSubmit(form, async (values) => {
  try {
    await signIn(values);
  } catch (error) {
    if (!(error instanceof Failure && error.code === 'OTP_REQUIRED')) throw error;
    return askForCode();
  }
  location.assign('dashboard');
  return 'leaving';
});

const reason = REASONS[location.hash];
if (reason) {
  find('[data-lead]').textContent = reason;
  history.replaceState(null, '', location.pathname);
}
// Ended in another tab: this page is the right one already.
onSessionEnd(() => {});
// Whoever is signed in has no business here. Without a server the form says what is wrong.
const known = await openSession().catch(() => undefined);
if (known) location.replace('dashboard');
