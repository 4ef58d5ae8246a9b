import { element } from './dom.js';
import { onSubmit } from './form.js';
import { capitalised } from './features.js';
import { call } from './session.js';

const wordsOf = (name) => capitalised(name.replaceAll('-', ' '));

function check(value, text, checked) {
  const box = element('input', { type: 'checkbox', value, checked });
  return [box, element('label', { class: 'check' }, box, text)];
}

/** What happens to one kind of record: all of it, or some. */
function group(plural, events, chosen) {
  const all = `${plural}.*`;
  const [whole, wholeLabel] = check(all, 'Everything', chosen.includes(all));
  const single = events.map((event) =>
    check(event, wordsOf(event.slice(plural.length + 1)), chosen.includes(event)),
  );
  const show = () => {
    for (const [box] of single) box.disabled = whole.checked;
  };
  whole.addEventListener('change', show);
  show();
  return element(
    'fieldset',
    { class: 'choices events' },
    element('legend', {}, wordsOf(plural)),
    wholeLabel,
    single.map(([, label]) => label),
  );
}

/** The form of a webhook: where it leads, and what it is told. `submit` is called with what it holds. */
export async function webhookForm({ url = '', events: chosen = [], label, submit, cancel }) {
  const { data: known } = await call('GET', 'console/events');
  const byPlural = Map.groupBy(known, (event) => event.slice(0, event.indexOf('.')));
  const groups = [...byPlural].map(([plural, events]) => group(plural, events, chosen));
  const note = element('p', { class: 'note wrong', id: 'events-note', role: 'alert' });
  const input = element('input', {
    id: 'webhook-url',
    name: 'url',
    type: 'url',
    required: true,
    maxlength: '2048',
    autocomplete: 'off',
    placeholder: 'https://',
    'aria-describedby': 'webhook-url-note',
    'data-testid': 'webhook-url',
  });
  input.value = url;
  const form = element(
    'form',
    { method: 'post', novalidate: true, class: 'stack' },
    element(
      'div',
      { class: 'field' },
      element('label', { for: 'webhook-url' }, 'Address'),
      input,
      element('p', {
        class: 'note',
        id: 'webhook-url-note',
        'data-hint': 'It must be public, and begin with https.',
      }),
    ),
    element(
      'div',
      { role: 'group', 'aria-label': 'Events', 'aria-describedby': 'events-note' },
      groups,
      note,
    ),
    element('p', { class: 'alert', role: 'alert', 'data-alert': true }),
    element(
      'div',
      { class: 'actions' },
      cancel && element('button', { type: 'button', onclick: cancel }, 'Cancel'),
      element('button', { class: 'primary', 'data-testid': 'save-button' }, label),
    ),
  );
  onSubmit(form, async ({ url: address }) => {
    const events = [...form.querySelectorAll('.events input:checked:not(:disabled)')].map(
      ({ value }) => value,
    );
    note.textContent = events.length === 0 ? 'Choose at least one.' : '';
    if (events.length === 0) return form.querySelector('.events input').focus();
    return submit({ url: address.trim(), events });
  });
  return form;
}
