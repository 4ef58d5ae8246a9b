import { busy, element, find, toast } from './dom.js';
import { Failure } from './request.js';
import { alertOf, row } from './row.js';
import { call } from './session.js';
import { time } from './values.js';
import { comeBack, leaveFor, makePasskey, providers, takesPasskeys, waysIn } from './ways-in.js';
import { device, sentence } from './words.js';

const AUTH = 'api/v1/auth';

/** A card with what signs somebody in: a list, and buttons that add to it. */
class Ways {
  constructor(card, address) {
    this.card = card;
    this.address = address;
    this.list = find('[data-list]', card);
    this.alert = find('[data-alert]', card);
    this.actions = find('[data-actions]', card);
  }

  async read() {
    const { data } = await call('GET', `${this.address}?limit=100`);
    this.list.replaceChildren(...data.map((each) => this.rowOf(each)));
    find('[data-none]', this.card).hidden = data.length > 0;
    this.card.hidden = false;
  }

  run(button, action) {
    return busy(button, async () => {
      const alert = alertOf(button, this.alert);
      alert.textContent = '';
      try {
        if ((await action()) === 'leaving') return 'leaving';
        await this.read();
      } catch (error) {
        this.fail(error, alert);
      }
      return undefined;
    });
  }

  fail(error, alert = this.alert) {
    if (!(error instanceof Failure)) throw error;
    alert.textContent = sentence(error);
  }

  add(text, testId, action) {
    const button = element('button', { type: 'button', 'data-testid': testId }, text);
    button.addEventListener('click', () => void this.run(button, action));
    this.actions.append(button);
  }

  row({ id }, title, about, said) {
    const button = element('button', { type: 'button', 'aria-label': `Remove ${title}` }, 'Remove');
    const remove = async () => {
      await call('DELETE', `${this.address}/${id}`);
      toast(said);
    };
    button.addEventListener('click', () => void this.run(button, remove));
    return row('way-in', title, about, button);
  }
}

class Passkeys extends Ways {
  rowOf(passkey) {
    const { name, createdAt, lastUsedAt } = passkey;
    const about = lastUsedAt ? ['Last used ', time(lastUsedAt)] : ['Added ', time(createdAt)];
    return this.row(passkey, name, about, 'Passkey removed');
  }

  async make() {
    const { data } = await call('POST', `${AUTH}/passkeys/options`);
    const credential = await makePasskey(data.publicKey);
    await call('POST', `${AUTH}/passkeys`, { body: { name: device(navigator.userAgent), credential } });
    toast('Passkey added');
  }
}

class Identities extends Ways {
  labels = new Map();

  rowOf(identity) {
    const { issuer, createdAt } = identity;
    const name = this.labels.get(issuer) ?? new URL(issuer).hostname;
    return this.row(identity, name, ['Linked ', time(createdAt)], 'Account unlinked');
  }
}

async function showPasskeys(card) {
  const passkeys = new Passkeys(card, `${AUTH}/passkeys`);
  if (takesPasskeys()) passkeys.add('Add a passkey', 'add-passkey', () => passkeys.make());
  await passkeys.read();
}

async function showIdentities(card) {
  const returned = comeBack('link');
  const identities = new Identities(card, `${AUTH}/identities`);
  for (const provider of await providers()) {
    identities.labels.set(provider.issuer, provider.label);
    identities.add(`Link ${provider.label}`, `link-${provider.name}`, () =>
      leaveFor(provider, 'link', 'console/profile'),
    );
  }
  try {
    if (returned?.failure) throw returned.failure;
    if (returned) {
      await call('POST', `${AUTH}/oauth/link`, { body: returned.redemption });
      toast('Account linked');
    }
  } catch (error) {
    identities.fail(error);
  }
  await identities.read();
}

/** Shows by what the person signs in besides a password, and lets it be changed, as far as the product has it. */
export async function showWays(view) {
  const ways = await waysIn();
  if (ways.passkeys) await showPasskeys(find('[data-passkeys]', view));
  if (ways.providers) await showIdentities(find('[data-identities]', view));
}
