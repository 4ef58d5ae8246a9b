import { flushDeletions } from './deletion.js';
import { element, find } from './dom.js';
import { featureOf } from './features.js';
import { choose, organization, organizations, setOrganizations } from './organization.js';
import { at } from './root.js';
import { call } from './session.js';

/** Reads which organizations the person is in, and lets it choose whose records the pages show. */
export async function showSwitcher() {
  const feature = featureOf('organizations');
  if (!feature) return;
  const { data } = await call('GET', `${feature.path}?limit=100`);
  setOrganizations(data);
  const options = [['', 'My own records'], ...organizations().map(({ id, name }) => [id, name])];
  const select = element(
    'select',
    { 'aria-label': 'Whose records', 'data-testid': 'organization-switcher' },
    options.map(([value, text]) =>
      element('option', { value, selected: value === (organization() ?? '') }, text),
    ),
  );
  select.addEventListener('change', () => {
    // What was deleted a moment ago belongs to whom was chosen until now.
    flushDeletions();
    choose(select.value);
    location.assign(at('dashboard'));
  });
  const place = find('[data-switcher]');
  place.hidden = organizations().length === 0;
  place.replaceChildren(select);
}
