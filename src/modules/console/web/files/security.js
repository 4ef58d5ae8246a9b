import { dialogOf, onDialogSubmit } from './dialog.js';
import { find, fromTemplate, toast } from './dom.js';
import { revealable } from './form.js';
import { at } from './root.js';
import { call } from './session.js';
import { prepareSecondFactor } from './second-factor.js';
import { showUnverified } from './unverified.js';
import { user } from './user.js';

const AUTH = 'api/v1/auth';
const changer = dialogOf('password');
const mover = dialogOf('email');

revealable(changer);
onDialogSubmit(changer, async ({ currentPassword, newPassword }) => {
  await call('POST', `${AUTH}/password/change`, { body: { currentPassword, newPassword } });
  toast('Password changed. You are signed out everywhere else.');
});
onDialogSubmit(mover, async ({ email }) => {
  await call('POST', `${AUTH}/email/change`, { body: { email } });
  toast('Check your new address: its link makes the change. It works for 30 minutes.', { ms: 8000 });
});

export async function show(view) {
  view.append(fromTemplate('security'));
  find('[name="username"]', changer).setAttribute('value', user().email);
  find('[data-email]', view).textContent = user().email;
  find('[data-forgot]', view).href = at('forgot');
  find('[data-change-password]', view).addEventListener('click', () => changer.showModal());
  find('[data-change-email]', view).addEventListener('click', () => mover.showModal());
  prepareSecondFactor(find('[data-otp]', view));
  await showUnverified(view);
  return 'Security';
}
