import { dialogOf, onDialogSubmit } from './dialog.js';
import { find, showStep, toast } from './dom.js';
import { onSubmit } from './form.js';
import { call } from './session.js';
import { setUser, user } from './user.js';

const ADDRESS = 'api/v1/auth/otp';
const SVG = 'http://www.w3.org/2000/svg';

/** The card of the page that shows whether it is on. */
let section;
const enabler = dialogOf('enable');
const disabler = dialogOf('disable');

/** Draws a QR code as one path, since a policy without inline styles leaves nothing simpler. */
function drawQr({ data, size }) {
  const svg = document.createElementNS(SVG, 'svg');
  const path = document.createElementNS(SVG, 'path');
  const squares = data.flatMap((row, y) =>
    row.flatMap((isDark, x) => (isDark ? [`M${x},${y}h1v1h-1z`] : [])),
  );
  path.setAttribute('d', squares.join(''));
  svg.setAttribute('viewBox', `0 0 ${size} ${size}`);
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', 'QR code for your authenticator app');
  svg.setAttribute('shape-rendering', 'crispEdges');
  svg.append(path);
  return svg;
}

/** `ABCD EFGH …`, for people who type it. */
const grouped = (secret) => secret.replaceAll(/(.{4})(?=.)/g, '$1 ');

onSubmit(find('form[data-step="password"]', enabler), async ({ password }) => {
  const [{ data }, { encode }] = await Promise.all([
    call('POST', `${ADDRESS}/enable`, { body: { password } }),
    import('./uqr.js'),
  ]);
  find('[data-qr]', enabler).replaceChildren(drawQr(encode(data.otpauthUrl, { ecc: 'M', border: 2 })));
  find('[data-secret]', enabler).textContent = grouped(data.secret);
  showStep(enabler, 'confirm');
});

onSubmit(find('form[data-step="confirm"]', enabler), async ({ otp }) => {
  const { data } = await call('POST', `${ADDRESS}/confirm`, { body: { otp } });
  showCodes(data.recoveryCodes);
  note(true);
});

function showCodes(codes) {
  const items = codes.map((code) => Object.assign(document.createElement('li'), { textContent: code }));
  const text = `${codes.join('\n')}\n`;
  find('[data-codes]', enabler).replaceChildren(...items);
  const link = find('[data-download]', enabler);
  URL.revokeObjectURL(link.href);
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  // Browsers let pages write to the clipboard over HTTPS and on this machine only.
  find('[data-copy]', enabler).hidden = !navigator.clipboard;
  showStep(enabler, 'codes');
}

find('[data-copy]', enabler).addEventListener('click', async ({ currentTarget }) => {
  const codes = [...find('[data-codes]', enabler).children].map(({ textContent }) => textContent);
  await navigator.clipboard.writeText(codes.join('\n'));
  currentTarget.textContent = 'Copied';
});

// Escape must not take away codes that are shown once.
enabler.addEventListener('cancel', (event) => {
  if (!find('[data-step="codes"]', enabler).hidden) event.preventDefault();
});
enabler.addEventListener('close', () => {
  find('[data-qr]', enabler).replaceChildren();
  find('[data-secret]', enabler).textContent = '';
  find('[data-codes]', enabler).replaceChildren();
  find('[data-copy]', enabler).textContent = 'Copy';
  URL.revokeObjectURL(find('[data-download]', enabler).href);
});

onDialogSubmit(disabler, async ({ password, otp }) => {
  await call('POST', `${ADDRESS}/disable`, { body: { password, otp } });
  note(false);
  toast('The second factor is off');
});

function open() {
  if (user().otpEnabled) return disabler.showModal();
  for (const step of enabler.querySelectorAll('[data-step]')) step.hidden = step.dataset.step !== 'password';
  return enabler.showModal();
}

function note(otpEnabled) {
  setUser({ ...user(), otpEnabled });
  showState();
}

function showState() {
  const { otpEnabled } = user();
  const state = find('[data-state]', section);
  state.textContent = otpEnabled ? 'On' : 'Off';
  state.className = `badge ${otpEnabled ? 'ok' : ''}`;
  find('[data-text]', section).textContent = otpEnabled
    ? "Signing in asks for a code from your authenticator app. A stolen password alone won't get anyone in."
    : 'Ask for a code from your phone when you sign in, so that a password alone is not enough.';
  find('[data-open]', section).textContent = otpEnabled ? 'Turn off' : 'Turn on';
}

/** Shows in a card whether the second factor is on, and lets it be turned on and off. */
export function prepareSecondFactor(card) {
  section = card;
  find('[data-open]', section).addEventListener('click', open);
  showState();
}
