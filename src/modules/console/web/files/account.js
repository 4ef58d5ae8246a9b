import { dialogOf, onDialogSubmit } from './dialog.js';
import { busy, find, toast } from './dom.js';
import { revealable } from './form.js';
import { Failure } from './request.js';
import { loadSessions } from './sessions.js';
import { call } from './session.js';
import { sentence } from './words.js';

const AUTH = 'api/v1/auth';
const unverified = find('[data-unverified]');
const changer = dialogOf('password');
const mover = dialogOf('email');

revealable(changer);
find('[data-change-password]').addEventListener('click', () => changer.showModal());
onDialogSubmit(changer, async ({ currentPassword, newPassword }) => {
  await call('POST', `${AUTH}/password/change`, { body: { currentPassword, newPassword } });
  toast('Password changed. You are signed out everywhere else.');
  await loadSessions();
});

find('[data-change-email]').addEventListener('click', () => mover.showModal());
onDialogSubmit(mover, async ({ email }) => {
  await call('POST', `${AUTH}/email/change`, { body: { email } });
  toast('Check your new address: its link makes the change. It works for 30 minutes.');
});

find('[data-send-again]').addEventListener('click', ({ currentTarget }) =>
  busy(currentTarget, async () => {
    const text = find('p', unverified);
    try {
      await call('POST', `${AUTH}/email/verify/request`);
      text.textContent = 'A new mail is on its way. Its link works for 30 minutes.';
      currentTarget.hidden = true;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      text.textContent = sentence(error);
    }
  }),
);

/** Shows whose account this is. */
export function showAccount({ name, email, emailVerified }) {
  find('[data-who] [data-name]').textContent = name;
  find('[data-who] [data-email]').textContent = email;
  find('[data-who]').hidden = false;
  find('[name="username"]', changer).setAttribute('value', email);
  unverified.hidden = emailVerified !== false;
}
