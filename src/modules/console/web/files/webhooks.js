import { element } from './dom.js';
import { icon } from './icons.js';
import { Listing, listHead } from './listing.js';
import { onceKey } from './once.js';
import { at } from './root.js';
import { showSecret } from './secret.js';
import { call } from './session.js';
import { emptyCard, table } from './table.js';
import { time } from './values.js';
import { webhookForm } from './webhook-form.js';
import { stateBadge } from './webhook-words.js';

const PATH = 'api/v1/webhooks';
const ADDRESS = 'console/webhooks';

function rowOf(webhook) {
  const { id, url, events, createdAt } = webhook;
  return element(
    'tr',
    { 'data-testid': 'record-row', 'data-id': id },
    element(
      'th',
      { scope: 'row' },
      element('a', { href: at(`${ADDRESS}/${id}`), class: 'row-link', 'data-row-link': true }, url),
    ),
    element('td', { class: 'type-enum state' }, stateBadge(webhook)),
    element('td', {}, events.join(', ')),
    element('td', { class: 'changed' }, time(createdAt)),
  );
}

class Webhooks extends Listing {
  tableOf(webhooks) {
    return table(
      'Webhooks',
      ['Address', ['State', 'state'], 'Events', ['Created', 'changed']],
      webhooks.map(rowOf),
    );
  }

  emptyOf() {
    const text =
      'A webhook tells another system what happens here, as soon as it does, signed and as often as it takes.';
    return emptyCard('webhooks', 'No webhooks yet', text);
  }

  async create() {
    const once = onceKey();
    const submit = async (body) => {
      const { data } = await call('POST', PATH, { body, headers: { 'idempotency-key': once } });
      dialog.close();
      await showSecret({
        title: 'Copy the secret now',
        text: 'What is sent is signed with it, so that your receiver knows it is from here. It is shown only once.',
        secret: data.secret,
        testId: 'webhook-secret',
      });
      await this.load();
    };
    const form = await webhookForm({ label: 'Create webhook', submit, cancel: () => dialog.close() });
    const dialog = element(
      'dialog',
      { 'aria-labelledby': 'webhook-title', onclose: () => dialog.remove() },
      element('h2', { id: 'webhook-title' }, 'New webhook'),
      form,
    );
    document.body.append(dialog);
    dialog.showModal();
  }

  render(view) {
    const add = element(
      'button',
      {
        type: 'button',
        class: 'primary',
        'data-new': true,
        'data-testid': 'new-button',
        onclick: () => void this.create(),
      },
      icon('plus'),
      'New webhook',
      element('kbd', { 'aria-hidden': 'true' }, 'N'),
    );
    view.append(listHead('Webhooks', this.count, add), this.body);
    return this.load();
  }
}

export async function show(view, { query, signal }) {
  await new Webhooks({ path: PATH, address: at(ADDRESS), query, signal }).render(view);
  return 'Webhooks';
}
