import { busy, element, find, fromTemplate, toast } from './dom.js';
import { Failure } from './request.js';
import { alertOf, row } from './row.js';
import { call } from './session.js';
import { time } from './values.js';
import { device, sentence } from './words.js';

const ADDRESS = 'api/v1/auth/sessions';

class Sessions {
  constructor(view) {
    this.list = find('[data-list]', view);
    this.alert = find('[data-alert]', view);
    this.others = find('[data-end-others]', view);
    this.heading = find('h1', view);
    this.others.addEventListener('click', () => void this.run(this.others, () => this.endOthers()));
  }

  async read() {
    const { data } = await call('GET', ADDRESS);
    const ownFirst = data.toSorted((a, b) => Number(b.current) - Number(a.current));
    this.sessions = ownFirst;
    this.others.hidden = ownFirst.length < 2;
    this.list.replaceChildren(...ownFirst.map((session) => this.rowOf(session)));
  }

  run(button, action) {
    return busy(button, async () => {
      const alert = alertOf(button, this.alert);
      alert.textContent = '';
      try {
        await action();
        await this.read();
        this.heading.focus();
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        alert.textContent = sentence(error);
      }
    });
  }

  async endOthers() {
    const others = this.sessions.filter(({ current }) => !current);
    await Promise.all(others.map(({ id }) => call('DELETE', `${ADDRESS}/${id}`)));
    toast(others.length === 1 ? 'Session ended' : `${others.length} sessions ended`);
  }

  endButton({ id }, name) {
    const end = async () => {
      await call('DELETE', `${ADDRESS}/${id}`);
      toast('Session ended');
    };
    const button = element('button', { type: 'button', 'aria-label': `End the session of ${name}` }, 'End');
    button.addEventListener('click', () => void this.run(button, end));
    return button;
  }

  rowOf(session) {
    const name = device(session.userAgent);
    return row(
      'session',
      [name, ...(session.current ? [' ', element('span', { class: 'badge ok' }, 'This device')] : [])],
      [`${session.address} · last used `, time(session.lastUsedAt)],
      !session.current && this.endButton(session, name),
    );
  }
}

export async function show(view) {
  view.append(fromTemplate('sessions'));
  await new Sessions(view).read();
  return 'Sessions';
}
