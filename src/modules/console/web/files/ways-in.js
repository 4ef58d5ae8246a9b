/** Ways to sign in without a password: a passkey of this device, and providers, which the browser is led to and back. */
import { Failure, send } from './request.js';
import { at } from './root.js';

const BEGUN = `${document.documentElement.dataset.key}.oauth`;
const AUTH = 'api/v1/auth';

/** Browsers bind passkeys to the name of a host, and take no address for one. */
export function takesPasskeys() {
  const isName = !/^[\d.]+$|^\[/.test(location.hostname);
  return isName && typeof globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON === 'function';
}

async function askDevice(ask) {
  try {
    const credential = await ask();
    return credential.toJSON();
  } catch (error) {
    // The person has said no, the device has none, or it took too long: browsers do not tell which.
    if (error instanceof DOMException) throw new Failure({ code: 'PASSKEY_NOT_USED' });
    throw error;
  }
}

/** What a passkey of this device signs, for signing in or for a proof. */
export async function showPasskey() {
  const { data } = await send('POST', `${AUTH}/login/passkey/options`);
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(data.publicKey);
  return askDevice(() => navigator.credentials.get({ publicKey }));
}

/** A new passkey on this device. @param options of the server */
export function makePasskey(options) {
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options);
  return askDevice(() => navigator.credentials.create({ publicKey }));
}

/** Which parts of the product let people sign in. */
export async function waysIn() {
  const { data } = await send('GET', 'console/ways-in');
  return data;
}

/** The providers; none where the page is not safe enough for its part of the sign-in. */
export async function providers() {
  if (!crypto.subtle) return [];
  const { data } = await send('GET', `${AUTH}/providers`);
  return data;
}

const textOf = (bytes) =>
  btoa(String.fromCodePoint(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');

/** Begins at a provider: where the browser is to go, and what redeems the code that it brings back to `page`. */
export async function beginAt({ name }, purpose, page) {
  const codeVerifier = textOf(crypto.getRandomValues(new Uint8Array(32)));
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(codeVerifier));
  const body = { redirectTo: at(page), codeChallenge: textOf(new Uint8Array(digest)), purpose };
  const { data } = await send('POST', `${AUTH}/oauth/${name}`, { body });
  return { url: data.url, codeVerifier };
}

/** Leads the browser to a provider, which leads it back to `page`. */
export async function leaveFor(provider, purpose, page) {
  const { url, codeVerifier } = await beginAt(provider, purpose, page);
  sessionStorage.setItem(BEGUN, JSON.stringify({ codeVerifier, purpose }));
  location.assign(url);
  return 'leaving';
}

/** What a provider has led back to this page with, once: what to redeem, or a failure. Undefined where nobody came back. */
export function comeBack(purpose) {
  const query = new URLSearchParams(location.search);
  const code = query.get('code');
  const error = query.get('error');
  if (code === null && error === null) return undefined;
  history.replaceState(history.state, '', `${location.pathname}${location.hash}`);
  const begun = JSON.parse(sessionStorage.getItem(BEGUN) ?? '{}');
  sessionStorage.removeItem(BEGUN);
  if (code === null) return { failure: new Failure({ status: 403, code: error }) };
  if (begun.purpose !== purpose) return { failure: new Failure({ status: 400, code: 'INVALID_OAUTH_CODE' }) };
  return { redemption: { code, codeVerifier: begun.codeVerifier } };
}
