import { find, showStep } from './dom.js';
import { onSubmit, revealable } from './form.js';
import { redeem, takeToken } from './link.js';
import { send } from './request.js';

const token = takeToken();
revealable();
onSubmit(find('[data-form]'), ({ newPassword }) =>
  redeem(() => send('POST', 'api/v1/auth/password/reset', { body: { token, newPassword } })),
);
if (!token) showStep(document, 'useless');
