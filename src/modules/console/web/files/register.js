import { find, showStep } from './dom.js';
import { onSubmit, revealable } from './form.js';
import { send } from './request.js';

revealable();
onSubmit(find('[data-form]'), async (values) => {
  const { data } = await send('POST', 'api/v1/auth/register', { body: values });
  find('[data-email]').textContent = data.email;
  showStep(document, 'done');
});
