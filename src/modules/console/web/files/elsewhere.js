import { Failure } from './request.js';
import { call } from './session.js';
import { beginAt, providers } from './ways-in.js';

/** Where the window that comes back from a provider tells of it; `proved.js` is the other end. */
const CHANNEL = `${document.documentElement.dataset.key}.proof`;

/** The providers that can ask the person to sign in anew, and that it has an account at. */
export async function proversOf() {
  const all = await providers();
  const able = all.filter(({ stepUp }) => stepUp);
  if (able.length === 0) return [];
  const { data } = await call('GET', 'api/v1/auth/identities?limit=100');
  const issuers = new Set(data.map(({ issuer }) => issuer));
  return able.filter(({ issuer }) => issuers.has(issuer));
}

/** The code that the other window brings back; `signal` gives up. */
function codeFromWindow(signal) {
  const channel = new BroadcastChannel(CHANNEL);
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Failure({ code: 'CANCELLED' })));
    channel.addEventListener('message', ({ data: { code, error } }) =>
      code ? resolve(code) : reject(new Failure({ status: 403, code: error })),
    );
  }).finally(() => channel.close());
}

/**
 * Proves who it is by a new sign-in at a provider, in a window of its own: what was typed into this page stays. To be
 * called by a click, or browsers refuse the window.
 */
export async function proveAt(provider, signal) {
  const other = open('', '_blank', 'popup,width=520,height=680');
  if (!other) throw new Failure({ code: 'WINDOW_REFUSED' });
  try {
    const { url, codeVerifier } = await beginAt(provider, 'step-up', 'proved');
    const arrived = codeFromWindow(signal);
    other.location.assign(url);
    const body = { code: await arrived, codeVerifier };
    await call('POST', 'api/v1/auth/oauth/step-up', { body });
  } catch (error) {
    other.close();
    throw error;
  }
}
