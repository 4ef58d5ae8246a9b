import { busy, find, showStep } from './dom.js';
import { onSubmit, refuseWithoutStorage, revealable } from './form.js';
import { Failure, send } from './request.js';
import { signIn } from './session.js';

refuseWithoutStorage();
revealable();
onSubmit(find('[data-form]'), async (values) => {
  const { data } = await send('POST', 'api/v1/auth/register', { body: values });
  find('[data-email]').textContent = data.email;
  find('[data-go]').addEventListener('click', (event) => {
    event.preventDefault();
    void busy(event.currentTarget, async () => {
      // With what was typed a moment ago: nobody types it twice.
      const isSignedIn = await signIn(values).catch((error) => {
        if (!(error instanceof Failure)) throw error;
      });
      location.assign(isSignedIn ? 'dashboard' : 'login');
      return 'leaving';
    });
  });
  showStep(document, 'done');
});
