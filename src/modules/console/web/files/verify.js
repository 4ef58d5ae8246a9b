import { find, showStep } from './dom.js';
import { onSubmit } from './form.js';
import { redeem, takeToken } from './link.js';
import { send } from './request.js';

const token = takeToken();
// By a click of the person: programs that open the links of a mail to look for harm would use it up.
onSubmit(find('[data-form]'), () =>
  redeem(() => send('POST', '/api/v1/auth/email/verify', { body: { token } })),
);
if (!token) showStep(document, 'useless');
