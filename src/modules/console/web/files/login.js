import { find } from './dom.js';
import { clear, mark, onSubmit, refuseWithoutStorage, revealable, show } from './form.js';
import { offerOtherWays } from './other-ways.js';
import { Failure } from './request.js';
import { onSessionEnd, openSession, signIn, signInBy } from './session.js';
import { comeBack } from './ways-in.js';

/** As long as what stands there before, so that nothing moves. */
const REASONS = {
  '#ended': 'Your session has ended. Sign in again to continue.',
  '#forgotten': 'Your browser keeps no cookies of this site. Allow them, then sign in again.',
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
const returned = comeBack('sign-in');

async function enter(signedIn) {
  try {
    await signedIn;
  } catch (error) {
    if (!(error instanceof Failure && error.code === 'OTP_REQUIRED')) throw error;
    return askForCode();
  }
  return goOn();
}

function goOn() {
  location.assign(next ?? 'dashboard');
  return 'leaving';
}

/** Somebody whom a provider has led back; the code is asked for where the second factor is on. */
const redeem = (values) => signInBy('api/v1/auth/oauth/token', { ...returned.redemption, ...values });

onSubmit(form, (values) => enter(returned?.redemption ? redeem(values) : signIn(values)));

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
let isLeaving = false;
if (returned) {
  const showCredentials = (isShown) => {
    for (const field of form.querySelectorAll('[data-credential]')) field.hidden = !isShown;
  };
  showCredentials(returned.failure !== undefined);
  try {
    if (returned.failure) throw returned.failure;
    isLeaving = (await enter(redeem({}))) === 'leaving';
  } catch (error) {
    // Of no use any more: the form is for the password again.
    returned.redemption = undefined;
    showCredentials(true);
    show(form, error);
  }
} else {
  // Whoever is signed in has no business here. Without a server the form says what is wrong.
  const known = await openSession().catch(() => undefined);
  isLeaving = known !== undefined;
  if (isLeaving) location.replace(next ?? 'dashboard');
}
if (!isLeaving) await offerOtherWays(form, goOn);
