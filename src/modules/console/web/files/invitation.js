import { find, showStep } from './dom.js';
import { onSubmit } from './form.js';
import { redeem, takeToken } from './link.js';
import { choose } from './organization.js';
import { call, onSessionEnd, openSession } from './session.js';

const token = takeToken();
const signIn = find('[data-sign-in]');
signIn.href = `login#to=${encodeURIComponent(`invitation#token=${token}`)}`;

onSubmit(find('[data-form]'), () =>
  redeem(async () => {
    const { data } = await call('POST', 'api/v1/invitations/accept', { body: { token } });
    choose(data.id);
  }),
);
onSessionEnd(() => showStep(document, 'sign-in'));
if (!token) showStep(document, 'useless');
else if (!(await openSession().catch(() => undefined))) showStep(document, 'sign-in');
