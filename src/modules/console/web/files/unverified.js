import { busy, find } from './dom.js';
import { Failure } from './request.js';
import { call } from './session.js';
import { user } from './user.js';
import { sentence } from './words.js';

/** Says that the address is not confirmed yet, and sends the mail again. */
export function showUnverified(view) {
  const notice = find('[data-unverified]', view);
  notice.hidden = user().emailVerified !== false;
  find('[data-send-again]', notice).addEventListener('click', ({ currentTarget }) =>
    busy(currentTarget, async () => {
      const text = find('p', notice);
      try {
        await call('POST', 'api/v1/auth/email/verify/request');
        text.textContent = 'A new mail is on its way. Its link works for 30 minutes.';
        currentTarget.hidden = true;
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        text.textContent = sentence(error);
      }
    }),
  );
}
