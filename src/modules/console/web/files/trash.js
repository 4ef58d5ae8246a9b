import { attempt } from './attempt.js';
import { confirmed } from './dialog.js';
import { element, hideToast, toast } from './dom.js';
import { nameOf } from './features.js';
import { forgetLists } from './references.js';
import { call } from './session.js';
import { tool } from './table.js';

/** Whether deleted records can be restored: the list can be asked for them. */
export const hasTrash = ({ filters }) => filters.some(({ name }) => name === 'trash');

const versionOf = ({ version }) => ({ 'if-match': `"${version}"` });

/** Says what was refused; `changed` is called where it was not. */
async function change(act, changed) {
  if (!(await attempt(act))) return;
  forgetLists();
  await changed();
}

async function restore(feature, { id, ...record }, changed) {
  await change(async () => {
    await call('POST', `${feature.path}/${id}/restore`);
    toast(`Restored ${nameOf(feature, { id, ...record })}`);
  }, changed);
}

/** Moves a record to the trash. `changed` is called then, and when that is undone. */
export function moveToTrash(feature, record, changed) {
  const undo = () => {
    hideToast();
    void restore(feature, record, changed);
  };
  return change(
    () => call('DELETE', `${feature.path}/${record.id}`, { headers: versionOf(record) }),
    async () => {
      await changed();
      const action = element('button', { type: 'button', class: 'toast-action', onclick: undo }, 'Undo');
      toast(`Moved ${nameOf(feature, record)} to the trash`, { action, ms: 8000 });
    },
  );
}

/** What can be done to a record that is in the trash. */
export function trashTools(feature, record, changed) {
  const name = nameOf(feature, record);
  const purge = async () => {
    const isSure = await confirmed({
      title: `Delete ${name} for good?`,
      text: 'This cannot be undone.',
      yes: 'Delete',
      kind: 'danger',
    });
    if (!isSure) return;
    await change(() => call('DELETE', `${feature.path}/${record.id}?permanent=true`), changed);
  };
  return [
    element(
      'button',
      {
        type: 'button',
        class: 'small-button',
        'aria-label': `Restore ${name}`,
        onclick: () => void restore(feature, record, changed),
      },
      'Restore',
    ),
    tool('trash', `Delete ${name} for good`, 'Delete for good', () => void purge()),
  ];
}
