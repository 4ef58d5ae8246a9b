import { attempt } from './attempt.js';
import { codeCard, copyButton } from './code-card.js';
import { deleteLater } from './deletion.js';
import { detailHead } from './detail-head.js';
import { confirmed } from './dialog.js';
import { element, toast } from './dom.js';
import { addressOf, labelOf, mayChange, mayCreate, mayDelete, nameOf, titleOf } from './features.js';
import { icon } from './icons.js';
import { guard } from './keyboard.js';
import { go, showCurrent } from './navigate.js';
import { onceKey } from './once.js';
import { readOne, forgetLists, referenceLink, targetOf } from './references.js';
import { actionsOf } from './record-actions.js';
import { historyOf } from './record-history.js';
import { RecordForm } from './record-form.js';
import { Failure } from './request.js';
import { organization } from './organization.js';
import { at } from './root.js';
import { call } from './session.js';
import { showSwitcher } from './switcher.js';
import { transferButton } from './transfer.js';
import { hasTrash, moveToTrash } from './trash.js';
import { facts, time, whole } from './values.js';

const OF_EVERY_RECORD = new Set(['id', 'version', 'createdAt', 'updatedAt', 'ownerId', 'createdBy']);
const isOutdated = ({ code }) => code === 'PRECONDITION_FAILED' || code === 'CONFLICT';
const list = new Intl.ListFormat('en');

function head(feature, title, ...actions) {
  return detailHead(
    addressOf(feature),
    titleOf(feature),
    element('h1', { tabindex: '-1', dir: 'auto' }, title),
    element('div', { class: 'page-actions' }, actions),
  );
}

/** A form that sends itself: `send` does it, what it refuses is said at the fields. */
function formFor(form, label, send, extra = []) {
  const button = element('button', { class: 'primary', 'data-testid': 'save-button' }, label);
  const submit = (event) => form.submit(event, button, send);
  return element(
    'form',
    {
      class: 'card record-form',
      'data-testid': 'record-form',
      novalidate: true,
      method: 'post',
      onsubmit: submit,
    },
    extra,
    form.node,
    element('div', { class: 'actions' }, button),
  );
}

function showNew(view, { feature, query }) {
  // A record begins in the first of its states.
  const fields = feature.fields.filter(({ creatable, transitions }) => creatable && !transitions);
  const form = new RecordForm(feature, fields);
  for (const control of form.controls) {
    if (query.has(control.path)) control.write(query.get(control.path));
  }
  const key = onceKey();
  const create = async () => {
    let answer;
    try {
      answer = await call('POST', feature.path, { body: form.values(), headers: { 'idempotency-key': key } });
    } catch (error) {
      if (!(error instanceof Failure && error.code === 'IDEMPOTENCY_KEY_REUSED')) throw error;
      form.alert.textContent = `An earlier attempt from this form did arrive: that ${feature.name} exists already. Look for it in the list.`;
      return;
    }
    changed(feature);
    await go(addressOf(feature, answer.data.id), { replace: true, force: true });
    toast(`Created ${nameOf(feature, answer.data)}`);
  };
  guard(() => form.isDirty());
  view.append(head(feature, `New ${feature.name}`), formFor(form, `Create ${feature.name}`, create));
  queueMicrotask(() => form.controls[0]?.input.setAttribute('data-focus', ''));
  return `New ${feature.name}`;
}

/** Something is otherwise than it was remembered. */
function changed({ plural }) {
  forgetLists();
  if (plural === 'organizations') void showSwitcher();
}

function detailsOf(feature, record) {
  const owner = !organization() && feature.fields.some(({ name }) => name === 'ownerId');
  const row = (title, ...value) => element('div', {}, element('dt', {}, title), element('dd', {}, value));
  const computed = feature.fields.filter(
    ({ name, changeable, answered, transitions }) =>
      answered && (transitions || !changeable) && !OF_EVERY_RECORD.has(name),
  );
  return element(
    'section',
    { class: 'card' },
    element('div', { class: 'card-head' }, element('h2', {}, 'Details')),
    element(
      'dl',
      { class: 'facts' },
      computed.map((field) => row(labelOf(field), whole(field, record[field.name]))),
      row(
        'ID',
        element(
          'span',
          { class: 'id-line' },
          element('code', { class: 'id' }, record.id),
          copyButton(record.id, 'Copy the ID'),
        ),
      ),
      record.version !== undefined && row('Version', String(record.version)),
      row('Created', time(record.createdAt)),
      record.updatedAt && row('Changed', time(record.updatedAt)),
      owner && row('Owner', referenceLink({ model: 'User' }, record.ownerId)),
    ),
  );
}

const curlOf = (feature, record) =>
  `curl ${at(`${feature.path}/${record.id}`)} \\\n-H "Authorization: Bearer $API_KEY"`;

const aboutOf = (feature, record) => [
  detailsOf(feature, record),
  codeCard('From your code', curlOf(feature, record)),
];

function deleteButton(feature, current) {
  const address = addressOf(feature);
  const now = async (record) => {
    const isSure = await confirmed({
      title: `Delete ${nameOf(feature, record)}?`,
      text: 'Everything that belongs to it is deleted as well. This cannot be undone.',
      yes: 'Delete',
      kind: 'danger',
    });
    if (!isSure) return;
    const headers = { 'if-match': `"${record.version}"` };
    if (!(await attempt(() => call('DELETE', `${feature.path}/${record.id}`, { headers })))) return;
    changed(feature);
    await go(address, { force: true });
    toast(`${nameOf(feature, record)} deleted`);
  };
  const remove = async () => {
    const record = current();
    if (feature.deletesWithProof) return now(record);
    if (hasTrash(feature)) return moveToTrash(feature, record, () => go(address, { force: true }));
    deleteLater(`${feature.path}/${record.id}`, {
      version: record.version,
      name: nameOf(feature, record),
      changed: () => void go(address, { replace: true }),
    });
    changed(feature);
    await go(address, { force: true });
  };
  return element(
    'button',
    { type: 'button', class: 'danger-text', 'data-testid': 'delete-button', onclick: () => void remove() },
    icon('trash'),
    'Delete',
  );
}

/** What to say to somebody whose record was changed by somebody else meanwhile. */
function conflictText(feature, { merged, clashing }) {
  const taken =
    merged.length > 0 ? ` Their ${list.format(merged)} ${merged.length > 1 ? 'are' : 'is'} shown now.` : '';
  const both =
    clashing.length > 0
      ? ` You both changed ${list.format(clashing)}: yours stays unless you choose theirs.`
      : '';
  return `This ${feature.name} was changed elsewhere after you opened it.${taken}${both} Nothing of yours is saved yet: look it over and save again.`;
}

function editor(feature, record, { title, about, actions }) {
  const path = `${feature.path}/${record.id}`;
  const fields = feature.fields
    .filter(({ changeable, transitions }) => changeable && !transitions)
    .map((field) => ({ ...field, required: field.required || !field.clearable }));
  const form = new RecordForm(feature, fields, record);
  const newer = element('div', { class: 'newer', role: 'alert', tabindex: '-1', hidden: true });
  const draw = (data) => {
    // What only reading tells is not answered to a change.
    const known = { ...record, ...data };
    title.textContent = nameOf(feature, known);
    about.replaceChildren(...aboutOf(feature, known));
    actions.replaceChildren(...actionsOf(feature, known, take));
  };
  // What was typed meanwhile stays.
  const take = (data) => {
    form.merge(data);
    draw(data);
    changed(feature);
  };
  const save = async () => {
    const body = form.changes();
    if (Object.keys(body).length === 0) return toast('Nothing has changed');
    try {
      const { data } = await call('PATCH', path, { body, headers: { 'if-match': `"${form.base.version}"` } });
      form.rebase(data);
      newer.hidden = true;
      draw(data);
      changed(feature);
      return toast('Saved');
    } catch (error) {
      if (!(error instanceof Failure && isOutdated(error))) throw error;
      const { data } = await call('GET', path);
      newer.textContent = conflictText(feature, form.merge(data));
      newer.hidden = false;
      return newer.focus();
    }
  };
  draw(record);
  guard(() => form.isDirty());
  return { form, node: formFor(form, 'Save', save, [newer]) };
}

async function readReferences(feature, record) {
  const references = feature.fields.filter(({ type, name }) => type === 'reference' && record[name]);
  const owner = record.ownerId && !organization() ? [{ model: 'User', name: 'ownerId' }] : [];
  await Promise.all(
    [...references, ...owner].map((field) => {
      const target = targetOf(field);
      return target && readOne(target, record[field.name]);
    }),
  );
}

export async function show(view, context) {
  const { feature, id } = context;
  if (id !== 'new') return nameOf(feature, await showRecord(view, context));
  if (!mayCreate(feature)) throw new Failure({ status: 404 });
  return showNew(view, context);
}

/** Shows a record that is there, and answers it. */
export async function showRecord(view, { feature, id, signal }) {
  const { data: record } = await call('GET', `${feature.readPath}/${id}`, { signal });
  await readReferences(feature, record);
  const name = nameOf(feature, record);
  const about = element('div', { class: 'stack' }, aboutOf(feature, record));
  const actions = element('div', { class: 'record-actions' });
  const heading = head(feature, name, actions);
  const title = heading.querySelector('h1');
  let body;
  let current = () => record;
  if (mayChange(feature, record)) {
    const { form, node } = editor(feature, record, { title, about, actions });
    current = () => form.base;
    body = node;
  } else {
    const shown = feature.fields.filter(
      ({ name: each, changeable, answered }) => answered && changeable && !OF_EVERY_RECORD.has(each),
    );
    body = shown.length > 0 ? element('section', { class: 'card' }, facts(shown, record)) : about.firstChild;
    actions.append(...actionsOf(feature, record, () => void showCurrent()));
  }
  const moved = () => {
    changed(feature);
    return go(addressOf(feature), { force: true });
  };
  const buttons = [
    transferButton(feature, current, moved),
    mayDelete(feature, record) && deleteButton(feature, current),
  ];
  heading.querySelector('.page-actions').append(...buttons.filter(Boolean));
  view.append(
    heading,
    element(
      'div',
      { class: 'columns' },
      body,
      element('div', { class: 'stack' }, about, historyOf(feature, record, signal)),
    ),
  );
  return record;
}
