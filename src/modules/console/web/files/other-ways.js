import { busy, element, find } from './dom.js';
import { clear, show } from './form.js';
import { Failure } from './request.js';
import { signInBy } from './session.js';
import { leaveFor, providers, showPasskey, takesPasskeys, waysIn } from './ways-in.js';

/** Offers, below a form, the ways to sign in without a password. `done` is called once somebody is in. */
export async function offerOtherWays(form, done) {
  const place = find('[data-other-ways]');
  const buttonOf = (text, testId, act) => {
    const button = element('button', { type: 'button', class: 'wide', 'data-testid': testId }, text);
    button.addEventListener('click', () =>
      busy(button, async () => {
        clear(form);
        try {
          return await act();
        } catch (error) {
          return show(form, error);
        }
      }),
    );
    return button;
  };
  const byPasskey = async () => {
    await signInBy('api/v1/auth/login/passkey', { credential: await showPasskey() });
    return done();
  };
  try {
    const ways = await waysIn();
    const all = ways.providers ? await providers() : [];
    const buttons = all.map((provider) =>
      buttonOf(`Continue with ${provider.label}`, `sign-in-${provider.name}`, () =>
        leaveFor(provider, 'sign-in', 'login'),
      ),
    );
    if (ways.passkeys && takesPasskeys())
      buttons.unshift(buttonOf('Sign in with a passkey', 'sign-in-passkey', byPasskey));
    place.append(...buttons);
    place.hidden = buttons.length === 0;
  } catch (error) {
    // There is the password still.
    if (!(error instanceof Failure)) throw error;
  }
}
