import { dialogOf, onDialogSubmit } from './dialog.js';
import { busy, element, find, toast } from './dom.js';
import { Failure } from './request.js';
import { call } from './session.js';
import { ago, exactly, sentence } from './words.js';

const ADDRESS = 'api/v1/projects';
const HOME = '#projects-title';

const section = find('[data-projects]');
const list = find('[data-list]', section);
const more = find('[data-more-row]', section);
const editor = dialogOf('project', { home: HOME });
const remover = dialogOf('delete', { home: HOME });

/** Rows by the id of their project, newest first. */
const rows = new Map();
let cursor;
/** The project that a dialog is about, as it was when read; undefined for a new one. */
let current;
/** What somebody else has made of it meanwhile. */
let newer;

const at = ({ id }) => `${ADDRESS}/${id}`;
const ifMatch = ({ version }) => ({ 'if-match': `"${version}"` });

function rowOf(project) {
  const { name, description, updatedAt } = project;
  return element(
    'li',
    { class: 'row', 'data-testid': 'project' },
    element(
      'div',
      { class: 'row-text' },
      element('p', { class: 'row-title' }, name),
      ...(description ? [element('p', { class: 'quiet clamp' }, description)] : []),
      element(
        'p',
        { class: 'quiet small' },
        'Changed ',
        element('time', { datetime: updatedAt, title: exactly(updatedAt) }, ago(updatedAt)),
      ),
    ),
    element(
      'div',
      { class: 'row-actions' },
      element(
        'button',
        { type: 'button', 'aria-label': `Edit ${name}`, onclick: () => edit(project) },
        'Edit',
      ),
      element(
        'button',
        {
          type: 'button',
          class: 'danger-text',
          'aria-label': `Delete ${name}`,
          onclick: () => askToDelete(project),
        },
        'Delete',
      ),
    ),
  );
}

function showEmptiness() {
  find('[data-empty]', section).hidden = rows.size > 0;
  find('.card-head [data-new]', section).hidden = rows.size === 0;
}

function put(project, isNew = false) {
  const row = rowOf(project);
  const before = rows.get(project.id);
  rows.set(project.id, row);
  if (before) before.replaceWith(row);
  else if (isNew) list.prepend(row);
  else list.append(row);
  showEmptiness();
}

function drop({ id }) {
  rows.get(id)?.remove();
  rows.delete(id);
  showEmptiness();
}

function take({ data, pagination }) {
  for (const project of data) put(project);
  cursor = pagination.nextCursor;
  more.hidden = !cursor;
  showEmptiness();
}

function fill({ name, description } = { name: '', description: '' }) {
  const form = find('form', editor);
  form.elements.name.value = name;
  form.elements.description.value = description ?? '';
}

function edit(project) {
  current = project;
  newer = undefined;
  find('h2', editor).textContent = project ? 'Edit project' : 'New project';
  find('[data-newer]', editor).hidden = true;
  fill(project);
  editor.showModal();
}

function askToDelete(project) {
  current = project;
  find('[data-name]', remover).textContent = project.name;
  find('[data-newer-text]', remover).hidden = true;
  remover.showModal();
}

/** Reads a project that somebody else has changed. */
async function readNewer() {
  const { data } = await call('GET', at(current));
  newer = data;
  put(data);
  return data;
}

const isOutdated = (error) =>
  error instanceof Failure && (error.code === 'PRECONDITION_FAILED' || error.code === 'CONFLICT');

async function save({ name, description }) {
  const body = { name, description: description === '' ? null : description };
  if (!current) {
    const { data } = await call('POST', ADDRESS, { body });
    put(data, true);
    return toast('Project created');
  }
  const { data } = await call('PATCH', at(current), { body, headers: ifMatch(current) });
  put(data);
  return toast('Project saved');
}

onDialogSubmit(editor, async (values) => {
  try {
    await save(values);
  } catch (error) {
    if (!isOutdated(error)) throw error;
    const { name } = await readNewer();
    find('[data-newer-text]', editor).textContent =
      `This project was changed elsewhere after you opened it. It is now called “${name}”. Nothing of yours is saved yet.`;
    find('[data-newer]', editor).hidden = false;
    find('[data-take-newer]', editor).focus();
    return 'stays';
  }
});

find('[data-take-newer]', editor).addEventListener('click', () => {
  current = newer;
  fill(newer);
  find('[data-newer]', editor).hidden = true;
  find('input', editor).focus();
});

onDialogSubmit(remover, async () => {
  try {
    await call('DELETE', at(current), { headers: ifMatch(current) });
  } catch (error) {
    if (isOutdated(error)) {
      current = await readNewer();
      find('[data-name]', remover).textContent = current.name;
      find('[data-newer-text]', remover).textContent =
        'It was changed elsewhere after you opened this page. This is its name now. Delete it all the same?';
      find('[data-newer-text]', remover).hidden = false;
      return 'stays';
    }
    if (!(error instanceof Failure && error.code === 'PROJECT_NOT_FOUND')) throw error;
  }
  drop(current);
  toast('Project deleted');
});

for (const button of section.querySelectorAll('[data-new]')) button.addEventListener('click', () => edit());

find('[data-more]', section).addEventListener('click', ({ currentTarget }) =>
  busy(currentTarget, () =>
    showing(async () => {
      const { length } = list.children;
      take(await call('GET', `${ADDRESS}?cursor=${encodeURIComponent(cursor)}`));
      list.children[length]?.querySelector('button').focus();
    }),
  ),
);

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

/** Reads the first page of the list. */
export function loadProjects() {
  return showing(async () => take(await call('GET', ADDRESS)));
}
