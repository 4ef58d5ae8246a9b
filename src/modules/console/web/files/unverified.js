import { busy, find } from './dom.js';
import { Failure } from './request.js';
import { at } from './root.js';
import { call } from './session.js';
import { user } from './user.js';
import { sentence } from './words.js';

/** In development, says where the mail lies. */
async function showOutbox(notice) {
  const { data } = await call('GET', 'console/mails');
  if (!data) return;
  find('[data-outbox] a', notice).href = at('console/outbox');
  find('[data-outbox]', notice).hidden = false;
}

/** Says that the address is not confirmed yet, and sends the mail again. */
export async function showUnverified(view) {
  const notice = find('[data-unverified]', view);
  notice.hidden = user().emailVerified !== false;
  if (notice.hidden) return;
  find('[data-send-again]', notice).addEventListener('click', ({ currentTarget }) =>
    busy(currentTarget, async () => {
      const text = find('[data-said]', notice);
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
  await showOutbox(notice);
}
