import { busy, element, find, toast } from './dom.js';
import { Failure } from './request.js';
import { call } from './session.js';
import { ago, device, exactly, sentence } from './words.js';

const ADDRESS = 'api/v1/auth/sessions';

const section = find('[data-sessions]');
const list = find('[data-list]', section);

function endButton(session, name) {
  const button = element('button', { type: 'button', 'aria-label': `End the session of ${name}` }, 'End');
  button.addEventListener('click', () =>
    busy(button, () =>
      showing(async () => {
        await call('DELETE', `${ADDRESS}/${session.id}`);
        toast('Session ended');
        await read();
        find('#sessions-title').focus();
      }),
    ),
  );
  return button;
}

function rowOf(session) {
  const name = device(session.userAgent);
  const used = element(
    'time',
    { datetime: session.lastUsedAt, title: exactly(session.lastUsedAt) },
    ago(session.lastUsedAt),
  );
  const mark = element('span', { class: 'badge ok' }, 'This device');
  return element(
    'li',
    { class: 'row', 'data-testid': 'session' },
    element(
      'div',
      { class: 'row-text' },
      element('p', { class: 'row-title' }, name, ...(session.current ? [' ', mark] : [])),
      element('p', { class: 'quiet small' }, `${session.address} · last used `, used),
    ),
    ...(session.current ? [] : [element('div', { class: 'row-actions' }, endButton(session, name))]),
  );
}

async function read() {
  const { data } = await call('GET', ADDRESS);
  const ownFirst = data.toSorted((a, b) => Number(b.current) - Number(a.current));
  list.replaceChildren(...ownFirst.map(rowOf));
}

async function showing(action) {
  const alert = find('[data-alert]', section);
  alert.textContent = '';
  try {
    await action();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    alert.textContent = sentence(error);
  }
}

export function loadSessions() {
  return showing(read);
}
