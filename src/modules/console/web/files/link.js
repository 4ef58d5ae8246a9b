import { showStep } from './dom.js';
import { Failure } from './request.js';

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
      error.code === 'INVALID_RESET_TOKEN' || (error instanceof Failure && error.details.some(concernsToken));
    if (!isUseless) throw error;
    showStep(document, 'useless');
  }
}
