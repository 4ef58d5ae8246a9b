/**
 * The session of this browser. The refresh token is in a cookie that no script can read; the access token is in the
 * memory of the pages and nowhere else. Pages ask each other for it, take turns at renewing it, and end together.
 */
import { choose, organizationHeader } from './organization.js';
import { Failure, send } from './request.js';
import { keepsNothing, store, stored } from './storage.js';

const KEY = document.documentElement.dataset.key;
const ADDRESS = 'console/session';
/** Says that a session may exist, so that a visitor who never signed in is not asked about. It is worth nothing else. */
const HINT = `${KEY}.session`;
/** One page at a time talks to the server about the session. */
const TURN = `${KEY}.session`;
/** Shared by every page that has a token, for others to see that asking makes sense. */
const HOLDERS = `${KEY}.token`;
const ANSWER_WITHIN_MS = 300;
/** More than the ten seconds after which a renewal whose answer got lost is answered again. */
const PATIENCE_MS = 15_000;
const LONGEST_WAIT_MS = 2000;

// A browser that keeps nothing for the product gives its pages neither: each is alone then.
const isAlone = keepsNothing();
const locks = isAlone ? undefined : navigator.locks;
const channel = isAlone
  ? Object.assign(new EventTarget(), { postMessage: () => undefined })
  : new BroadcastChannel(`${KEY}.session`);
const listeners = new Set();
let session;

// The rule is about windows; a channel has no other origin to tell.
// oxlint-disable-next-line unicorn/require-post-message-target-origin
const tellOthers = (message) => channel.postMessage(message);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Only over HTTPS and on this machine there are locks; elsewhere the server alone tells parallel renewals apart.
const inTurn = (action) => (locks ? locks.request(TURN, action) : action());

async function otherPagesHaveToken() {
  if (!locks) return false;
  const { held } = await locks.query();
  return held.some(({ name }) => name === HOLDERS);
}

function adopt(next) {
  const isFirst = session === undefined;
  session = next;
  store(HINT, '1');
  if (isFirst) void locks?.request(HOLDERS, { mode: 'shared' }, () => new Promise(() => {}));
  return session;
}

function adoptAnswer({ data }) {
  const { accessToken, expiresIn, user } = data;
  const next = { accessToken, user, until: Date.now() + expiresIn * 1000 };
  tellOthers({ kind: 'session', session: next });
  return adopt(next);
}

function lose(reason) {
  session = undefined;
  store(HINT);
  for (const listener of listeners) listener(reason);
}

channel.addEventListener('message', ({ data }) => {
  if (data.kind === 'question' && session && session.until > Date.now() + 60_000) {
    tellOthers({ kind: 'session', session });
  }
  if (data.kind === 'end') lose(data.reason);
  if (data.kind === 'session') {
    // Somebody else has signed in: what this page shows is not theirs, nor is the token that others may ask it for.
    if (session && session.user.id !== data.session.user.id) {
      session = undefined;
      location.reload();
    } else if (session) adopt(data.session);
  }
});

/** The token that another page has, if one answers. */
function askOtherPages() {
  return new Promise((resolve) => {
    const settle = (result) => {
      channel.removeEventListener('message', listen);
      resolve(result);
    };
    const listen = ({ data }) => data.kind === 'session' && settle(data.session);
    channel.addEventListener('message', listen);
    tellOthers({ kind: 'question' });
    setTimeout(settle, ANSWER_WITHIN_MS);
  });
}

/** So soon after signing in no session ends by itself. */
const FRESH_MS = 10_000;
let isForgotten = false;

/** Whether this browser has not kept the session that has just begun. */
export const forgets = () => isForgotten;

/** A new access token by the cookie; undefined when the session is over. */
async function renewByCookie() {
  const giveUpAt = Date.now() + PATIENCE_MS;
  for (let wait = 200; ; wait = Math.min(2 * wait, LONGEST_WAIT_MS)) {
    try {
      return adoptAnswer(await send('POST', `${ADDRESS}/refresh`));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (error.status === 401) return undefined;
      // A page without locks is renewing at this moment, and its new cookie is on the way; or that got lost.
      if (error.code !== 'REFRESH_IN_PROGRESS' || Date.now() + wait > giveUpAt) throw error;
      await pause(wait);
    }
  }
}

function end(reason) {
  tellOthers({ kind: 'end', reason });
  lose(reason);
}

/** The session of this browser, renewed if need be; undefined where there is none. */
export async function openSession() {
  if (!stored(HINT)) return undefined;
  return inTurn(async () => {
    const shared = (await otherPagesHaveToken()) ? await askOtherPages() : undefined;
    if (shared) return adopt(shared);
    const renewed = await renewByCookie();
    if (!renewed) {
      isForgotten = Date.now() - Number(stored(HINT)) < FRESH_MS;
      store(HINT);
    }
    return renewed;
  });
}

/** Asks the person for a proof of identity, and answers whether it was given. */
let askForProof = () => false;

export function onProofNeeded(ask) {
  askForProof = ask;
}

/** Lets the person sign in again over a page on which something was typed, and answers whether that happened. */
let askToSignIn = () => false;

export function onSignInNeeded(ask) {
  askToSignIn = ask;
}

/**
 * Sends a request of the signed-in user. A session that is over ends here, on every page. Where a recent proof of
 * identity is needed, the person is asked for it and the request sent again.
 */
export async function call(method, path, options = {}) {
  try {
    return await sendSignedIn(method, path, options);
  } catch (error) {
    if (error.code === 'ORGANIZATION_NOT_FOUND' && 'x-organization-id' in organizationHeader())
      leaveOrganization(path);
    if (!(error instanceof Failure && error.code === 'STEP_UP_REQUIRED')) throw error;
    if (!(await askForProof(options.body ?? {}))) throw error;
    return sendSignedIn(method, path, options);
  }
}

/** The person is no member any more: from here on it works on records of its own. */
function leaveOrganization(path) {
  // That one is not there, whichever is chosen.
  if (path.startsWith('api/v1/organizations/')) return;
  choose(null);
  location.reload();
}

async function sendSignedIn(method, path, { headers, via = send, ...options }) {
  const sendWith = ({ accessToken }) =>
    via(method, path, {
      ...options,
      headers: { ...headers, ...organizationHeader(), authorization: `Bearer ${accessToken}` },
    });
  const used = session;
  if (!used) throw new Failure({ status: 401, code: 'UNAUTHENTICATED', error: 'You are signed out' });
  try {
    return await sendWith(used);
  } catch (error) {
    if (!(error instanceof Failure && error.code === 'UNAUTHENTICATED')) throw error;
    const renewed = await inTurn(() => (session && session !== used ? session : renewByCookie()));
    if (!renewed) {
      if (await askToSignIn()) return sendWith(session);
      end('ended');
      throw error;
    }
    return sendWith(renewed);
  }
}

/** The hint says when, until the session is renewed. */
function begin(answer) {
  const begun = adoptAnswer(answer);
  store(HINT, String(Date.now()));
  return begun;
}

export function signIn(credentials) {
  return inTurn(async () => begin(await send('POST', ADDRESS, { body: credentials })));
}

/** Signs in by what a route of the API takes in place of a password. */
export function signInBy(path, body) {
  return inTurn(async () => {
    const { data } = await send('POST', path, { body });
    return begin(await send('PUT', ADDRESS, { body: { refreshToken: data.refreshToken } }));
  });
}

export async function signOut() {
  await inTurn(() => send('DELETE', ADDRESS));
  end('signed-out');
}

/** Calls back when the session is over, wherever it was ended: `signed-out` or `ended`. */
export function onSessionEnd(listener) {
  listeners.add(listener);
}
