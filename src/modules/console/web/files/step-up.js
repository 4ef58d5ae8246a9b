import { dialogOf, onDialogSubmit } from './dialog.js';
import { busy, element, find } from './dom.js';
import { clear, show } from './form.js';
import { call } from './session.js';
import { user } from './user.js';
import { showPasskey, takesPasskeys, waysIn } from './ways-in.js';

const ADDRESS = 'api/v1/auth/step-up';
const dialog = dialogOf('step-up');
const hasSecondFactor = () => user().otpEnabled;
const prove = (body) => call('POST', ADDRESS, { body });

onDialogSubmit(dialog, async (proof) => {
  await prove(proof);
  dialog.returnValue = 'proved';
});

/** Proves by something other than the form, in whose place what goes wrong is said. */
function proveBy(button, act) {
  return busy(button, async () => {
    const form = find('form', dialog);
    clear(form);
    try {
      await act();
      dialog.close('proved');
    } catch (error) {
      if (error.code !== 'CANCELLED') show(form, error);
    }
  });
}

const byPasskey = find('[data-passkey]', dialog);
byPasskey.addEventListener('click', () =>
  proveBy(byPasskey, async () =>
    call('POST', `${ADDRESS}/passkey`, { body: { credential: await showPasskey() } }),
  ),
);

/** Buttons of the providers that the person can sign in at anew. A second factor is proved by itself. */
async function proversFor(ways, signal) {
  if (!ways.providers || hasSecondFactor()) return [];
  const { proversOf, proveAt } = await import('./elsewhere.js');
  const found = await proversOf();
  return found.map((provider) => {
    const { name, label } = provider;
    const button = element('button', { type: 'button', 'data-testid': `prove-by-${name}` }, `Use ${label}`);
    button.addEventListener('click', () => proveBy(button, () => proveAt(provider, signal)));
    return button;
  });
}

/** Asks for a proof of identity, and answers whether it was given. */
export async function askForProof({ password }) {
  // The form that needs it has asked for the password already.
  if (password && !hasSecondFactor()) return prove({ password });
  for (const field of dialog.querySelectorAll('[data-proof]')) {
    field.hidden = (field.dataset.proof === 'otp') !== hasSecondFactor();
    find('input', field).required = !field.hidden;
  }
  dialog.returnValue = '';
  const ways = await waysIn();
  const closed = new AbortController();
  byPasskey.hidden = !(takesPasskeys() && ways.passkeys);
  find('[data-provers]', dialog).replaceChildren(...(await proversFor(ways, closed.signal)));
  dialog.showModal();
  find('[data-proof]:not([hidden]) input', dialog).focus();
  await new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }));
  closed.abort();
  return dialog.returnValue === 'proved';
}
