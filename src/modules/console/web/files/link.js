import { find, showStep } from './dom.js';
import { onSubmit } from './form.js';
import { Failure, send } from './request.js';

/** The token of a mailed link. It leaves the address bar, and with it the history, before anything else happens. */
export function takeToken() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token') ?? '';
  history.replaceState(null, '', location.pathname);
  return token;
}

/** Redeems a link. One that is of no use any more has a page of its own. */
export async function redeem(action) {
  try {
    await action();
    showStep(document, 'done');
  } catch (error) {
    const concernsToken = ({ path }) => path === 'token';
    const isUseless =
      ['INVALID_RESET_TOKEN', 'INVALID_INVITATION'].includes(error.code) ||
      (error instanceof Failure && error.details.some(concernsToken));
    if (!isUseless) throw error;
    showStep(document, 'useless');
  }
}

/**
 * Redeems the link of the page by a click of the person: programs that open the links of a mail to look for harm would
 * use it up.
 */
export function redeemByClick(address) {
  const token = takeToken();
  onSubmit(find('[data-form]'), () => redeem(() => send('POST', address, { body: { token } })));
  if (!token) showStep(document, 'useless');
}
