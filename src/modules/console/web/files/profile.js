import { attempt } from './attempt.js';
import { confirmed } from './dialog.js';
import { find, fromTemplate, toast, busy } from './dom.js';
import { onSubmit } from './form.js';
import { guard } from './keyboard.js';
import { showWays } from './profile-ways.js';
import { at } from './root.js';
import { call } from './session.js';
import { store } from './storage.js';
import { setUser, user } from './user.js';
import { showUnverified } from './unverified.js';
import { exactly } from './words.js';

async function save({ name }) {
  const { id } = user();
  const { data } = await call('PATCH', `api/v1/users/${id}`, { body: { name } });
  setUser(data);
  toast('Saved');
}

async function deleteAccount() {
  const isSure = await confirmed({
    title: 'Delete your account?',
    text: 'Everything that belongs to you is deleted with it. This cannot be undone.',
    yes: 'Delete my account',
    kind: 'danger',
  });
  if (!isSure) return;
  const remove = () => call('POST', `api/v1/users/${user().id}/delete`, { body: {} });
  if (!(await attempt(remove))) return;
  store(`${document.documentElement.dataset.key}.session`);
  location.replace(at('login#deleted'));
  return 'leaving';
}

export async function show(view) {
  view.append(fromTemplate('profile'));
  const form = find('[data-profile]', view);
  const { name, email, role, createdAt } = user();
  form.elements.name.value = name;
  find('[data-email]', view).textContent = email;
  find('[data-role]', view).textContent = role;
  find('[data-since]', view).textContent = exactly(createdAt);
  guard(() => form.elements.name.value !== user().name);
  onSubmit(form, save);
  find('[data-delete-account]', view).addEventListener('click', ({ currentTarget }) =>
    busy(currentTarget, deleteAccount),
  );
  await showUnverified(view);
  await showWays(view);
  return 'Profile';
}
