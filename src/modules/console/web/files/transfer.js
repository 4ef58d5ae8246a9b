import { attempt } from './attempt.js';
import { confirmed } from './dialog.js';
import { element, toast } from './dom.js';
import { mayTransfer, nameOf } from './features.js';
import { icon } from './icons.js';
import { otherOwners } from './organization.js';
import { call } from './session.js';

/** Asks to whom a record is to be given. @returns the owner; undefined where none was chosen */
async function askFor(owners, name) {
  const select = element(
    'select',
    { id: 'transfer-owner', 'data-testid': 'transfer-owner' },
    owners.map((owner) => element('option', { value: owner.id }, owner.name)),
  );
  const isSure = await confirmed({
    title: `Move ${name}`,
    text: [element('label', { for: 'transfer-owner' }, 'Whose it will be'), select],
    yes: 'Move',
  });
  return isSure ? owners.find(({ id }) => id === select.value) : undefined;
}

/**
 * Gives a record to an organization, or takes it out of one.
 * @param current answers the record as it is shown
 * @param moved is called once it belongs to somebody else
 * @returns the button; undefined where the person may not, or has nobody to give it to
 */
export function transferButton(feature, current, moved) {
  if (!mayTransfer(feature, current()) || otherOwners().length === 0) return undefined;
  const transfer = async () => {
    const record = current();
    const name = nameOf(feature, record);
    const owner = await askFor(otherOwners(), name);
    if (!owner) return;
    const give = () =>
      call('POST', `${feature.path}/${record.id}/transfer`, {
        body: { organizationId: owner.id || null },
        headers: { 'if-match': `"${record.version}"` },
      });
    if (!(await attempt(give))) return;
    await moved();
    toast(`Moved ${name} to ${owner.name}`);
  };
  return element(
    'button',
    { type: 'button', 'data-testid': 'transfer-button', onclick: () => void transfer() },
    icon('transfer'),
    'Move',
  );
}
