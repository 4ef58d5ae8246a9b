import { attempt } from './attempt.js';
import { deleteLater } from './deletion.js';
import { detailHead } from './detail-head.js';
import { confirmed } from './dialog.js';
import { busy, element, toast } from './dom.js';
import { choose, Listing } from './listing.js';
import { go } from './navigate.js';
import { Failure } from './request.js';
import { at } from './root.js';
import { showSecret } from './secret.js';
import { call } from './session.js';
import { emptyCard, noMatch, table, toolsHead } from './table.js';
import { time } from './values.js';
import { webhookForm } from './webhook-form.js';
import { DELIVERY_STATES, deliveryBadge, stateBadge } from './webhook-words.js';
import { exactly, number, sentence } from './words.js';

const ADDRESS = 'console/webhooks';

/** What the receiver answered, or why it did not. */
function outcomeOf({ responseStatus, error, attempts, nextAttemptAt }) {
  const tried = attempts > 1 && `${attempts} attempts`;
  const next = nextAttemptAt && ['again ', time(nextAttemptAt)];
  const parts = [error ?? (responseStatus && `Answered ${responseStatus}`), tried, next].filter(Boolean);
  return parts.flatMap((part, index) => (index > 0 ? [' · ', part].flat() : part));
}

class Deliveries extends Listing {
  tableOf(deliveries) {
    const heads = ['Event', ['State', 'state'], 'What came back', ['When', 'changed'], toolsHead()];
    return table(
      'Deliveries',
      heads,
      deliveries.map((each) => this.rowOf(each)),
    );
  }

  emptyOf(isFiltered, clear) {
    if (isFiltered) return noMatch('deliveries', clear);
    return emptyCard(
      'webhooks',
      'Nothing was sent yet',
      'What is sent stands here for 30 days, with what came back.',
    );
  }

  rowOf(delivery) {
    const { id, event, record, status, responseBody, durationMs, createdAt } = delivery;
    const again = element(
      'button',
      { type: 'button', class: 'small-button', 'aria-label': `Send again: ${event}` },
      'Send again',
    );
    again.addEventListener('click', () => busy(again, () => this.retry(id)));
    const took = durationMs !== null && ` in ${number(durationMs)} ms`;
    return element(
      'tr',
      { 'data-testid': 'delivery' },
      element('th', { scope: 'row', title: record }, event),
      element('td', { class: 'type-enum state' }, deliveryBadge(status)),
      element('td', { title: responseBody ?? undefined }, outcomeOf(delivery), took),
      element('td', { class: 'changed' }, time(createdAt)),
      element('td', { class: 'row-tools' }, status !== 'pending' && again),
    );
  }

  async retry(id) {
    if (await attempt(() => call('POST', `${this.path}/${id}/retry`))) toast('It is sent again');
    await this.load({ isSeen: false });
  }

  render() {
    const status = choose(
      'State',
      [['', 'State: any'], ...DELIVERY_STATES],
      this.query.get('status') ?? '',
      (value) => void this.ask({ status: value }),
    );
    const reload = element(
      'button',
      { type: 'button', class: 'small-button', onclick: () => void this.load() },
      'Look again',
    );
    this.bar = element('div', { class: 'list-bar', role: 'search' }, status, reload);
    return element(
      'section',
      { 'aria-labelledby': 'deliveries-title' },
      element(
        'div',
        { class: 'card-head' },
        element('h2', { id: 'deliveries-title' }, 'Deliveries ', this.count),
      ),
      this.bar,
      this.body,
    );
  }
}

class WebhookPage {
  constructor({ id, query, signal }) {
    this.path = `api/v1/webhooks/${id}`;
    this.address = at(`${ADDRESS}/${id}`);
    this.signal = signal;
    this.deliveries = new Deliveries({
      path: `${this.path}/deliveries`,
      address: this.address,
      query,
      signal,
    });
    this.title = element('h1', { tabindex: '-1', class: 'break' });
    this.badge = element('span', { role: 'status' });
    this.actions = element('div', { class: 'page-actions' });
    this.about = element('p', { class: 'quiet' });
  }

  draw(webhook) {
    this.webhook = webhook;
    const { url, events, status, failingSince, previousSecretUntil } = webhook;
    this.title.textContent = url;
    this.badge.replaceChildren(stateBadge(webhook));
    const old =
      previousSecretUntil && ` The secret before signs as well until ${exactly(previousSecretUntil)}.`;
    const silent = failingSince && [' Nothing has got there since ', time(failingSince), '.'];
    this.about.replaceChildren(`Told of ${events.join(', ')}.`, ...(silent ?? []), old ?? '');
    const isActive = status === 'active';
    this.actions.replaceChildren(
      this.button('Edit', () => this.edit()),
      this.button('New secret', () => this.rotate()),
      this.button(isActive ? 'Pause' : 'Resume', () =>
        this.change({ status: isActive ? 'paused' : 'active' }),
      ),
      this.button('Delete', () => this.remove(), 'danger-text'),
    );
  }

  button(text, act, kind = '') {
    const button = element('button', { type: 'button', class: kind }, text);
    button.addEventListener('click', () =>
      busy(button, async () => {
        try {
          return await act();
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
          return toast(sentence(error), { ms: 8000 });
        }
      }),
    );
    return button;
  }

  async change(body) {
    const headers = { 'if-match': `"${this.webhook.version}"` };
    const { data } = await call('PATCH', this.path, { body, headers });
    this.draw(data);
    this.title.focus();
    toast('Saved');
  }

  async edit() {
    const submit = async (body) => {
      await this.change(body);
      dialog.close();
    };
    const { url, events } = this.webhook;
    const form = await webhookForm({ url, events, label: 'Save', submit, cancel: () => dialog.close() });
    const dialog = element(
      'dialog',
      { 'aria-labelledby': 'webhook-title', onclose: () => dialog.remove() },
      element('h2', { id: 'webhook-title' }, 'Edit webhook'),
      form,
    );
    document.body.append(dialog);
    dialog.showModal();
  }

  async rotate() {
    const isSure = await confirmed({
      title: 'Make a new secret?',
      text: 'For a day what is sent is signed by both, so that your receiver can change over.',
      yes: 'Make it',
    });
    if (!isSure) return;
    const { data } = await call('POST', `${this.path}/rotate`);
    this.draw(data);
    await showSecret({
      title: 'Copy the new secret now',
      text: 'It is shown only once.',
      secret: data.secret,
      testId: 'webhook-secret',
    });
  }

  async remove() {
    const { version, url } = this.webhook;
    const changed = () => void go(this.address, { replace: true });
    deleteLater(this.path, { version, name: url, changed });
    await go(at(ADDRESS), { force: true });
  }

  async render(view) {
    const { data } = await call('GET', this.path, { signal: this.signal });
    this.draw(data);
    const title = [element('div', { class: 'row-title' }, this.title, this.badge), this.about];
    view.append(detailHead(at(ADDRESS), 'Webhooks', title, this.actions), this.deliveries.render());
    await this.deliveries.load();
    return data.url;
  }
}

export function show(view, context) {
  return new WebhookPage(context).render(view);
}
