import { attempt } from './attempt.js';
import { busy, element, toast } from './dom.js';
import { capitalised, labelOf, mayChange, mayDo } from './features.js';
import { RecordForm } from './record-form.js';
import { call } from './session.js';

const words = (name) => capitalised(String(name).replaceAll(/[-_]/g, ' '));

/** Asks in a dialog what a command takes, and answers whether it was done. */
function ask(feature, command, send) {
  const form = new RecordForm(feature, command.fields);
  const button = element('button', { class: 'primary', 'data-testid': 'save-button' }, words(command.name));
  const submit = (event) =>
    form.submit(event, button, async () => {
      await send(form.values());
      dialog.close();
    });
  const dialog = element(
    'dialog',
    { 'aria-labelledby': 'command-title', onclose: () => dialog.remove() },
    element('h2', { id: 'command-title' }, words(command.name)),
    element(
      'form',
      { class: 'record-form', method: 'post', novalidate: true, onsubmit: submit },
      form.node,
      element(
        'div',
        { class: 'actions' },
        element('button', { type: 'button', onclick: () => dialog.close() }, 'Cancel'),
        button,
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
}

/**
 * What can be done to a record beside changing and deleting it: its commands, and where its states can go.
 * @param done is given the record afterwards
 */
export function actionsOf(feature, record, done) {
  const path = `${feature.path}/${record.id}`;
  const headers = { 'if-match': `"${record.version}"` };
  const send = async (method, address, body, said) => {
    const { data } = await call(method, address, { body, headers });
    done(data);
    toast(said);
  };
  const run = (button, act) => busy(button, () => attempt(act));
  const commands = feature.commands.filter((command) => mayDo(feature, command, record));
  const ofCommands = commands.map((command) => {
    const { name, fields } = command;
    const order = (body) => send('POST', `${path}/${name}`, body, `${words(name)}: done`);
    const button = element('button', { type: 'button', 'data-testid': `command-${name}` }, words(name));
    button.addEventListener('click', () =>
      fields.length > 0 ? ask(feature, command, order) : void run(button, () => order({})),
    );
    return button;
  });
  const states = mayChange(feature, record) ? feature.fields.filter(({ transitions }) => transitions) : [];
  const ofStates = states.flatMap((field) =>
    (field.transitions[record[field.name]] ?? []).map((to) => {
      const button = element(
        'button',
        { type: 'button', 'data-testid': `to-${to}`, title: `${labelOf(field)}: ${words(to)}` },
        '→ ',
        words(to),
      );
      const change = () => send('PATCH', path, { [field.name]: to }, `${labelOf(field)}: ${words(to)}`);
      button.addEventListener('click', () => void run(button, change));
      return button;
    }),
  );
  return [...ofStates, ...ofCommands];
}
