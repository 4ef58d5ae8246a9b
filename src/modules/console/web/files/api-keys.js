import { dialogOf } from './dialog.js';
import { deleteLater, isBeingDeleted } from './deletion.js';
import { element, find, fromTemplate, showStep } from './dom.js';
import { features } from './features.js';
import { onSubmit } from './form.js';
import { onceKey } from './once.js';
import { call } from './session.js';
import { emptyCard, table, tool, toolsHead } from './table.js';
import { showUnverified } from './unverified.js';
import { time } from './values.js';

const ADDRESS = 'api/v1/auth/api-keys';
const DAY_MS = 24 * 3600 * 1000;
/** Reads the list of the page that is shown. */
let reload = async () => undefined;

function permissionsOf() {
  return ['features', 'administration']
    .flatMap((part) => features(part))
    .flatMap(({ permissions }) => permissions);
}

function box(permission) {
  return element(
    'label',
    { class: 'check' },
    element('input', { type: 'checkbox', value: permission, checked: true }),
    permission,
  );
}

/** What a key may do to records of others; undefined: whatever its user may. */
function chosen(scopes) {
  const boxes = [...scopes.querySelectorAll('input')];
  if (boxes.every(({ checked }) => checked)) return undefined;
  return boxes.filter(({ checked }) => checked).map(({ value }) => value);
}

async function create({ name, expires, access }, permissions, once) {
  const { data } = await call('POST', ADDRESS, {
    body: {
      name,
      expiresAt: new Date(Date.now() + Number(expires) * DAY_MS).toISOString(),
      readOnly: access === 'read',
      ...(permissions && { permissions }),
    },
    headers: { 'idempotency-key': once },
  });
  return data.key;
}

/** The dialog that makes a key, and what opens it. */
function dialogFor(view) {
  const dialog = dialogOf('key', view);
  const scopes = find('[data-scopes]', dialog);
  const shown = find('[data-key]', dialog);
  const copy = find('[data-copy]', dialog);
  const made = find('[data-step="made"]', dialog);
  let once;
  onSubmit(find('form', dialog), async (values) => {
    shown.textContent = await create(values, chosen(scopes), once);
    showStep(dialog, 'made');
    await reload();
  });
  copy.addEventListener('click', async () => {
    await navigator.clipboard.writeText(shown.textContent);
    copy.textContent = 'Copied';
  });
  // Escape must not take away a key that is shown once.
  dialog.addEventListener('cancel', (event) => !made.hidden && event.preventDefault());
  dialog.addEventListener('close', () => {
    shown.textContent = '';
  });
  return () => {
    const permissions = permissionsOf();
    // A repeated request makes no second key; another dialog does.
    once = onceKey();
    scopes.hidden = permissions.length === 0;
    find('[data-permissions]', scopes).replaceChildren(...permissions.map(box));
    copy.textContent = 'Copy';
    copy.hidden = !navigator.clipboard;
    for (const step of dialog.querySelectorAll('[data-step]')) step.hidden = step.dataset.step !== 'form';
    dialog.showModal();
  };
}

function scopeOf({ permissions, readOnly }) {
  const access = readOnly ? 'Read only' : 'Read and write';
  if (permissions === null || permissions.length === 0) return access;
  return `${access} · ${permissions.join(', ')}`;
}

function rowOf(key) {
  const path = `${ADDRESS}/${key.id}`;
  const remove = () => {
    deleteLater(path, { name: key.name, changed: () => void reload() });
    void reload();
  };
  const isOver = key.expiresAt && Date.parse(key.expiresAt) < Date.now();
  return element(
    'tr',
    { 'data-testid': 'record-row' },
    element('th', { scope: 'row', dir: 'auto' }, key.name),
    element('td', { class: 'state' }, element('code', {}, `…${key.hint}`)),
    element('td', {}, scopeOf(key)),
    element('td', {}, key.lastUsedAt ? time(key.lastUsedAt) : element('span', { class: 'quiet' }, 'Never')),
    element(
      'td',
      {},
      isOver
        ? element('span', { class: 'badge bad' }, 'Expired')
        : key.expiresAt
          ? time(key.expiresAt)
          : 'Never',
    ),
    element('td', { class: 'row-tools' }, tool('trash', `Delete ${key.name}`, 'Delete', remove)),
  );
}

function tableOf(keys) {
  const heads = ['Name', ['Ends in', 'state'], 'Access', 'Last used', 'Expires', toolsHead()];
  return element('div', { class: 'table-box' }, table('API keys', heads, keys.map(rowOf)));
}

const empty = () =>
  emptyCard(
    'keys',
    'No API keys yet',
    'A key signs a program in, with your rights or fewer. You can delete it at any time.',
  );

export async function show(view) {
  view.append(fromTemplate('api-keys'));
  await showUnverified(view);
  const list = find('[data-list]', view);
  reload = async () => {
    const { data } = await call('GET', `${ADDRESS}?limit=100`);
    const keys = data.filter(({ id }) => !isBeingDeleted(`${ADDRESS}/${id}`));
    list.replaceChildren(keys.length > 0 ? tableOf(keys) : empty());
  };
  find('[data-new]', view).addEventListener('click', dialogFor(view));
  await reload();
  return 'API keys';
}
