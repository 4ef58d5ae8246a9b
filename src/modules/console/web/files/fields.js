import { combobox } from './combobox.js';
import { element } from './dom.js';
import { capitalised, labelOf } from './features.js';
import { jsonTree } from './json-tree.js';
import { targetOf } from './references.js';
import { richEditor } from './rich-editor.js';

/** What somebody typed cannot be sent: `path` is the field. */
export class Unreadable extends Error {
  constructor(path, message) {
    super(message);
    this.path = path;
  }
}

const pad = (value) => String(value).padStart(2, '0');

/** A date as `datetime-local` has it, in the time zone of the browser. */
function localTime(date) {
  const d = new Date(date);
  return `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())}T${pad(d.getHours())}:${pad(d.getMinutes())}`;
}

const fromInput = (input, read, write) => ({ node: input, input, read, write });

function textInput(field, common, type) {
  const input = element('input', {
    ...common,
    type,
    dir: 'auto',
    autocomplete: type === 'password' ? 'new-password' : 'off',
    maxlength: field.maxLength,
    spellcheck: type === 'text' ? undefined : 'false',
  });
  return fromInput(
    input,
    () => (input.value.trim() === '' ? null : input.value),
    (value) => (input.value = value ?? ''),
  );
}

function textArea(field, common) {
  const input = element('textarea', { ...common, rows: '4', dir: 'auto', maxlength: field.maxLength });
  return fromInput(
    input,
    () => (input.value.trim() === '' ? null : input.value),
    (value) => (input.value = value ?? ''),
  );
}

function numberInput(field, common, path) {
  const step = field.type === 'integer' ? '1' : 'any';
  const isBound = (bound) => (Number.isSafeInteger(bound) && Math.abs(bound) < 2 ** 52 ? bound : undefined);
  const input = element('input', {
    ...common,
    type: 'number',
    step,
    min: isBound(field.min),
    max: isBound(field.max),
  });
  const read = () => {
    if (input.validity.badInput) throw new Unreadable(path, 'Enter a number.');
    return input.value === '' ? null : Number(input.value);
  };
  return fromInput(input, read, (value) => (input.value = value ?? ''));
}

function dateInput(field, common, path) {
  const input = element('input', { ...common, type: 'datetime-local' });
  const read = () => {
    if (input.validity.badInput) throw new Unreadable(path, 'Enter a date and a time.');
    return input.value === '' ? null : new Date(input.value).toISOString();
  };
  return fromInput(input, read, (value) => (input.value = value ? localTime(value) : ''));
}

function select(choices, common) {
  const input = element(
    'select',
    common,
    choices.map(([value, text]) => element('option', { value: JSON.stringify(value) }, text)),
  );
  return fromInput(
    input,
    () => JSON.parse(input.value),
    (value) => (input.value = JSON.stringify(value ?? null)),
  );
}

const words = (value) => capitalised(String(value).replaceAll(/[-_]/g, ' '));
const unset = (field, text = 'Not set') => (field.required ? [] : [[null, text]]);

function booleanInput(field, common) {
  if (!field.required) return select([...unset(field), [true, 'Yes'], [false, 'No']], common);
  const input = element('input', { ...common, type: 'checkbox' });
  return fromInput(
    input,
    () => input.checked,
    (value) => (input.checked = value === true),
  );
}

function metadataInput(field, common, path) {
  const input = element('textarea', { ...common, rows: '6', class: 'code', spellcheck: 'false' });
  const shown = element('div', { class: 'tree-box' });
  const toggle = element('button', { type: 'button', class: 'small-button' }, 'Edit JSON');
  const view = (isEdited) => {
    input.hidden = !isEdited;
    shown.hidden = isEdited;
    toggle.hidden = isEdited;
  };
  const write = (value) => {
    input.value = value === null || value === undefined ? '' : JSON.stringify(value, null, 2);
    shown.replaceChildren(jsonTree(value ?? {}));
    view(false);
  };
  toggle.addEventListener('click', () => {
    view(true);
    input.focus();
  });
  const read = () => {
    if (input.value.trim() === '') return null;
    try {
      return JSON.parse(input.value);
    } catch {
      view(true);
      throw new Unreadable(path, 'This is no JSON. Write an object such as {"color": "blue"}.');
    }
  };
  return { node: element('div', { class: 'metadata' }, shown, toggle, input), input, read, write };
}

/** Texts and numbers, one a line. */
function linesInput(field, common, path) {
  const input = element('textarea', { ...common, rows: '3', dir: 'auto', placeholder: 'One per line' });
  const isNumber = ['number', 'integer'].includes(field.item.type);
  const read = () => {
    const lines = input.value.split('\n').map((line) => line.trim());
    const items = lines.filter((line) => line !== '').map((line) => (isNumber ? Number(line) : line));
    if (items.includes(Number.NaN)) throw new Unreadable(path, 'Write one number per line.');
    return items;
  };
  return fromInput(input, read, (value) => (input.value = (value ?? []).join('\n')));
}

function choicesInput(field, common) {
  const boxes = field.item.values.map((value) => {
    const box = element('input', { type: 'checkbox', value });
    return { value, box, node: element('label', { class: 'check' }, box, words(value)) };
  });
  const node = element(
    'fieldset',
    { class: 'choices' },
    boxes.map((each) => each.node),
  );
  node.setAttribute('aria-labelledby', `${common.id}-label`);
  return {
    node,
    input: boxes[0]?.box ?? node,
    read: () => boxes.filter(({ box }) => box.checked).map(({ value }) => value),
    write: (value) => {
      for (const each of boxes) each.box.checked = (value ?? []).includes(each.value);
    },
  };
}

/** A reference to what the person may not look through. */
function idInput(field, common) {
  const name = targetOf(field)?.name;
  return textInput(
    { ...field, maxLength: 24 },
    { ...common, placeholder: name && `ID of the ${name}` },
    'text',
  );
}

/** Items that are forms of their own, or references: each with a button that removes it. */
function itemsInput(field, common, path) {
  const list = element('div', { class: 'items' });
  let items = [];
  const show = () => list.replaceChildren(...items.map(({ row }) => row));
  const add = (value) => {
    const control = fieldOf(
      { ...field.item, name: field.name, required: true },
      `${path}.${items.length}`,
      `${common.id}-${Math.random().toString(36).slice(2, 8)}`,
      `Item ${items.length + 1}`,
    );
    control.write(value);
    const remove = element(
      'button',
      {
        type: 'button',
        class: 'small-button',
        onclick: () => {
          items = items.filter((each) => each.row !== row);
          show();
          node.dispatchEvent(new Event('change', { bubbles: true }));
        },
      },
      'Remove',
    );
    const row = element('div', { class: 'item' }, control.node, remove);
    items.push({ row, control });
  };
  const adder = element(
    'button',
    {
      type: 'button',
      class: 'small-button',
      onclick: () => {
        add(null);
        show();
        items.at(-1).control.input.focus();
      },
    },
    'Add',
  );
  const node = element('fieldset', { class: 'nested', 'aria-labelledby': `${common.id}-label` }, list, adder);
  return {
    node,
    input: adder,
    read: () => items.map(({ control }) => control.read()).filter((value) => value !== null),
    write: (value) => {
      items = [];
      for (const each of value ?? []) add(each);
      show();
    },
  };
}

function objectInput(field, common, path) {
  const controls = (field.fields ?? []).map((each) => [
    each.name,
    fieldOf(each, `${path}.${each.name}`, `${common.id}-${each.name}`),
  ]);
  const node = element(
    'fieldset',
    { class: 'nested', 'aria-labelledby': `${common.id}-label` },
    controls.map(([, control]) => control.node),
  );
  const read = () => {
    const values = Object.fromEntries(controls.map(([name, control]) => [name, control.read()]));
    const isBlank = Object.values(values).every((value) => value === null || value === false);
    return isBlank && !field.required ? null : values;
  };
  const write = (value) => {
    for (const [name, control] of controls) control.write(value?.[name] ?? null);
  };
  return { node, input: controls[0]?.[1].input ?? node, read, write };
}

function listInput(field, common, path) {
  const { type, values } = field.item;
  if (values) return choicesInput(field, common);
  const isPlain = ['text', 'longtext', 'email', 'url', 'number', 'integer'].includes(type);
  return isPlain ? linesInput(field, common, path) : itemsInput(field, common, path);
}

function controlOf(field, common, path, label) {
  const told = { id: common.id, note: common['aria-describedby'], label };
  switch (field.type) {
    case 'longtext':
      return textArea(field, common);
    case 'richtext':
      return richEditor(told);
    case 'integer':
    case 'number':
      return numberInput(field, common, path);
    case 'boolean':
      return booleanInput(field, common);
    case 'date':
      return dateInput(field, common, path);
    case 'enum':
      return select([...unset(field), ...field.values.map((value) => [value, words(value)])], common);
    case 'reference':
      return combobox(field, told) ?? idInput(field, common);
    case 'metadata':
      return metadataInput(field, common, path);
    case 'object':
    case 'money':
      return objectInput(field, common, path);
    case 'list':
      return listInput(field, common, path);
    case 'day':
      return textInput(field, common, 'date');
    default:
      return textInput(field, common, field.type);
  }
}

/** What the API's documentation says of a field, for who fills it in. */
function toldOf({ description = '', encrypted }) {
  const told = description
    .replaceAll(/ ?Needs [a-z-]+:[a-z-]+\./g, '')
    .replace(/^Id of an? [^.]*\. ?/, '')
    .replace('When absent:', 'If left empty,')
    .replace(/(where it is not sent|when absent)/, 'if left empty')
    .replaceAll(/`([^`]*)`/g, '“$1”');
  return [encrypted && 'Encrypted in the database.', told].filter(Boolean).join(' ');
}

const GROUPS = new Set(['object', 'money', 'richtext']);

/** A field with its label and its note: `read()` answers its value, `write(value)` sets it, `mark(text)` says what is wrong. */
export function fieldOf(field, path, id, label = labelOf(field)) {
  const noteId = `${id}-note`;
  const common = { id, name: path, required: field.required, 'aria-describedby': noteId };
  const control = controlOf(field, common, path, label);
  const isGroup = GROUPS.has(field.type) || control.node.tagName === 'FIELDSET';
  const isCheck = control.input.type === 'checkbox' && !isGroup;
  const tag = element(
    isGroup ? 'span' : 'label',
    { id: `${id}-label`, class: 'label', for: isGroup ? undefined : id },
    label,
    !field.required && element('span', { class: 'quiet optional' }, ' (optional)'),
  );
  const hint = toldOf(field);
  const note = element('p', { class: 'note', id: noteId }, hint);
  const node = element(
    'div',
    { class: `field${isCheck ? ' field-check' : ''}`, 'data-path': path },
    tag,
    control.node,
    note,
  );
  const mark = (text = '') => {
    note.textContent = text || hint;
    note.classList.toggle('wrong', text !== '');
    if (text) control.input.setAttribute('aria-invalid', 'true');
    else control.input.removeAttribute('aria-invalid');
  };
  node.addEventListener('input', () => control.input.getAttribute('aria-invalid') && mark());
  return { ...control, node, note, mark, path, field };
}
