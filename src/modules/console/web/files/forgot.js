import { find, showStep } from './dom.js';
import { onSubmit } from './form.js';
import { send } from './request.js';

onSubmit(find('[data-form]'), async (values) => {
  await send('POST', 'api/v1/auth/password/forgot', { body: values });
  find('[data-email]').textContent = values.email;
  showStep(document, 'done');
});
