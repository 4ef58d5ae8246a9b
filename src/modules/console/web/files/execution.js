import { codeCard, copyButton } from './code-card.js';
import { detailHead } from './detail-head.js';
import { confirmed } from './dialog.js';
import { busy, element, toast } from './dom.js';
import { isFinished, progressBar, statusBadge } from './execution-words.js';
import { follow } from './follow.js';
import { jsonTree } from './json-tree.js';
import { onceKey } from './once.js';
import { reaches } from './organization.js';
import { Failure } from './request.js';
import { at } from './root.js';
import { call } from './session.js';
import { isEmpty, time } from './values.js';
import { duration, exactly, number, sentence } from './words.js';

/** More steps than this are folded to the latest. */
const MANY = 30;
const LATEST = 10;

const EFFECTS = {
  once: 'once',
  sleep: 'sleeps',
  signal: 'waits for a signal',
  call: 'waits for another execution',
  start: 'starts another execution',
};

function lasted({ startedAt, finishedAt }) {
  if (!finishedAt) return undefined;
  const ms = Date.parse(finishedAt) - Date.parse(startedAt);
  if (ms < 1) return undefined;
  return ms < 1000 ? `${ms} ms` : duration(Math.round(ms / 1000));
}

/** What a step is, how often it was tried and how long it took. */
function aboutStep(step) {
  const attempts = step.attempts > 1 && `${step.attempts} attempts`;
  return [EFFECTS[step.effect], attempts, lasted(step)].filter(Boolean).join(' · ');
}

/** A field for JSON that may be left out, with what opens it. */
function jsonField(label, id) {
  const input = element('textarea', {
    id,
    rows: '3',
    class: 'code',
    spellcheck: 'false',
    'aria-describedby': `${id}-note`,
  });
  const note = element('p', { class: 'note', id: `${id}-note` });
  const node = element('div', { class: 'field' }, element('label', { for: id }, label), input, note);
  const read = () => {
    note.textContent = '';
    if (input.value.trim() === '') return undefined;
    try {
      return { value: JSON.parse(input.value) };
    } catch {
      note.textContent = 'This is no JSON. Write something such as {"paid": true}.';
      note.classList.add('wrong');
      input.focus();
      return 'unreadable';
    }
  };
  return { node, read };
}

class ExecutionPage {
  constructor(view, id) {
    this.path = `api/v1/executions/${id}`;
    this.drawn = 0;
    this.badge = element('span', { role: 'status' });
    this.alert = element('p', { class: 'alert', role: 'alert' });
    this.actions = element('div', { class: 'page-actions' });
    this.urgent = element('div', { class: 'stack' });
    this.main = element('section', { class: 'card', 'aria-label': 'Steps' });
    this.aside = element('div', { class: 'stack' });
    this.title = element('h1', { tabindex: '-1' });
    const title = element('div', { class: 'row-title' }, this.title, this.badge);
    view.append(
      detailHead(at('console/executions'), 'Executions', title, this.actions),
      this.alert,
      element(
        'div',
        { class: 'columns' },
        element('div', { class: 'stack' }, this.urgent, this.main),
        this.aside,
      ),
    );
  }

  /** Sends an order, and shows what the execution has become. */
  order(button, path, options, said) {
    return busy(button, async () => {
      this.alert.textContent = '';
      const { drawn } = this;
      try {
        const { data } = await call('POST', `${this.path}/${path}`, options);
        // What was told meanwhile may be newer than the answer, and the rest follows.
        if (drawn === this.drawn) this.draw(data);
        this.watch();
        toast(said);
        this.title.focus();
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        this.alert.textContent = sentence(error);
        const { data } = await call('GET', this.path);
        this.draw(data);
      }
    });
  }

  button(text, path, { kind = '', said, ask, ...options }) {
    const button = element('button', { type: 'button', class: kind }, text);
    button.addEventListener('click', async () => {
      if (ask && !(await confirmed(ask))) return;
      await this.order(button, path, options, said);
    });
    return button;
  }

  draw(execution) {
    this.execution = execution;
    this.drawn += 1;
    const { type, status, error, progress, steps } = execution;
    this.title.textContent = type;
    this.badge.replaceChildren(statusBadge(status));
    const isSaid = steps.some((step) => step.error?.message === error?.message);
    const parts = [
      progress && progressBar(progress),
      error && status === 'failed' && !isSaid && element('p', { class: 'alert', dir: 'auto' }, error.message),
      steps.length > 0
        ? this.stepsOf(steps)
        : element(
            'p',
            { class: 'quiet' },
            status === 'queued' ? 'It has not begun yet.' : 'No step was begun.',
          ),
    ];
    this.main.replaceChildren(
      element('div', { class: 'card-head' }, element('h2', {}, 'Steps')),
      ...parts.filter(Boolean),
    );
    this.drawActions(execution);
    this.drawAside(execution);
  }

  drawActions({ status, steps }) {
    const may = reaches('member');
    const buttons = [];
    if (may && status === 'failed') {
      const again = { said: 'It runs again' };
      if (steps.some((step) => step.status === 'failed')) {
        buttons.push(this.button('Start over', 'retry', { ...again, body: { from: 'start' } }));
      }
      buttons.push(this.button('Try again', 'retry', { ...again, kind: 'primary', body: {} }));
    }
    if (may && !isFinished({ status })) {
      const ask = {
        title: 'Cancel this execution?',
        text: 'What its steps have done stays done.',
        yes: 'Cancel it',
        no: 'Let it go on',
        kind: 'danger',
      };
      buttons.push(this.button('Cancel', 'cancel', { kind: 'danger-text', ask, said: 'Cancelled' }));
    }
    this.actions.replaceChildren(...buttons);
    // What somebody is filling in stays while the rest goes on.
    const wanted = may
      ? steps.filter(
          (step) => step.status === 'unknown' || (step.effect === 'signal' && step.status === 'waiting'),
        )
      : [];
    const keys = wanted.map((step) => `${step.name} ${step.status}`).join('\n');
    if (keys === this.wanted) return;
    this.wanted = keys;
    this.urgent.replaceChildren(
      ...wanted.map((step) => (step.status === 'unknown' ? this.resolver(step) : this.signaller(step))),
    );
  }

  /** Asks what became of a step of which nobody knows. */
  resolver({ name, error }) {
    const result = jsonField('What it came to, as JSON (optional)', `result-${name}`);
    const resolve = (outcome, text, said, kind) => {
      const button = element(
        'button',
        { type: 'button', class: kind, 'data-testid': `resolve-${outcome}` },
        text,
      );
      button.addEventListener('click', () => {
        const told = outcome === 'happened' ? result.read() : undefined;
        if (told === 'unreadable') return;
        const body = { outcome, ...(told && { result: told.value }) };
        void this.order(button, `steps/${name}/resolve`, { body }, said);
      });
      return button;
    };
    return element(
      'section',
      { class: 'card urgent ask', 'aria-label': `What became of ${name}?` },
      element('h2', {}, `What became of “${name}”?`),
      element(
        'p',
        { class: 'quiet' },
        'It was begun, and nobody knows whether it took effect. Look where it would have, then say what is so.',
        error && ` The last that was heard: ${error.message}`,
      ),
      result.node,
      element(
        'div',
        { class: 'actions' },
        resolve('failed', 'It failed', 'The execution has failed'),
        resolve('again', 'It did not happen: run it', 'It runs again'),
        resolve('happened', 'It happened', 'It goes on', 'primary'),
      ),
    );
  }

  /** Sends what an execution waits for. */
  signaller({ name }) {
    const payload = jsonField('What to send, as JSON (optional)', `signal-${name}`);
    const key = onceKey();
    const button = element(
      'button',
      { type: 'button', class: 'primary', 'data-testid': 'send-signal' },
      'Send',
    );
    button.addEventListener('click', () => {
      const told = payload.read();
      if (told === 'unreadable') return;
      const body = told ? { payload: told.value } : {};
      void this.order(button, `signals/${name}`, { body, headers: { 'idempotency-key': key } }, 'Sent');
    });
    return element(
      'section',
      { class: 'card ask', 'aria-label': `It waits for ${name}` },
      element('h2', {}, `It waits for “${name}”`),
      payload.node,
      element('div', { class: 'actions' }, button),
    );
  }

  /** All of them, or what is telling of many: the last ones, and whatever did not succeed. */
  stepsOf(steps) {
    const isMany = steps.length > MANY && !this.showsAll;
    const shown = isMany
      ? steps.filter(({ status }, index) => status !== 'succeeded' || index >= steps.length - LATEST)
      : steps;
    const showAll = () => {
      this.showsAll = true;
      this.draw(this.execution);
    };
    const more = element(
      'button',
      { type: 'button', class: 'small-button', onclick: showAll },
      `Show all ${number(steps.length)} steps`,
    );
    return element(
      'ol',
      { class: 'steps' },
      isMany && element('li', { class: 'step' }, more),
      shown.map((step) => this.stepOf(step)),
    );
  }

  stepOf(step) {
    const { name, status, startedAt, error } = step;
    const about = aboutStep(step);
    return element(
      'li',
      { class: `step is-${status}`, 'data-testid': 'step' },
      element(
        'div',
        { class: 'step-head' },
        element('span', { class: 'step-name' }, name),
        statusBadge(status),
        element('span', { class: 'quiet small step-when' }, time(startedAt)),
      ),
      about && element('p', { class: 'quiet small' }, about),
      error && element('p', { class: 'small wrong', dir: 'auto' }, error.message),
    );
  }

  drawAside(execution) {
    const { id, createdAt, startedAt, finishedAt, dueAt, input, result } = execution;
    const row = (title, ...value) => element('div', {}, element('dt', {}, title), element('dd', {}, value));
    const moment = (title, date) => date && row(title, element('span', { title: exactly(date) }, time(date)));
    const json = (title, value) =>
      !isEmpty(value) &&
      element(
        'section',
        { class: 'card', 'aria-label': title },
        element('div', { class: 'card-head' }, element('h2', {}, title)),
        jsonTree(value),
      );
    const details = element(
      'section',
      { class: 'card' },
      element('div', { class: 'card-head' }, element('h2', {}, 'Details')),
      element(
        'dl',
        { class: 'facts' },
        moment('Made', createdAt),
        moment('Begun', startedAt),
        moment('Over', finishedAt),
        !isFinished(execution) && moment('Goes on', dueAt),
        row(
          'ID',
          element(
            'span',
            { class: 'id-line' },
            element('code', { class: 'id' }, id),
            copyButton(id, 'Copy the ID'),
          ),
        ),
      ),
    );
    const curl = `curl -N ${at(`${this.path}/events`)} \\\n-H "Authorization: Bearer $API_KEY"`;
    const parts = [
      details,
      json('Input', input),
      json('Result', result),
      codeCard('Follow it from your code', curl),
    ];
    this.aside.replaceChildren(...parts.filter(Boolean));
  }

  /** Follows the execution until it is over. */
  async watch(signal = this.signal) {
    this.signal = signal;
    if (this.isWatching || isFinished(this.execution)) return;
    this.isWatching = true;
    try {
      await follow(`${this.path}/events`, { signal, take: (execution) => this.draw(execution) });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.alert.textContent = sentence(error);
    } finally {
      this.isWatching = false;
    }
  }
}

export async function show(view, { id, signal }) {
  const page = new ExecutionPage(view, id);
  const { data } = await call('GET', page.path, { signal });
  page.draw(data);
  void page.watch(signal);
  return data.type;
}
