import { busy, find, showStep } from './dom.js';
import { onSubmit, refuseWithoutStorage, revealable } from './form.js';
import { onceKey } from './once.js';
import { Failure, send } from './request.js';
import { signIn } from './session.js';

refuseWithoutStorage();
revealable();
/** What was sent last: who sends it again after an answer that got lost is the user who was registered then. */
let sent;
onSubmit(find('[data-form]'), async (values) => {
  const text = JSON.stringify(values);
  if (sent?.text !== text) sent = { text, key: onceKey() };
  const { data } = await send('POST', 'api/v1/auth/register', {
    body: values,
    headers: { 'idempotency-key': sent.key },
  });
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
