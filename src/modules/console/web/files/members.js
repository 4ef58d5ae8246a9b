import { confirmed } from './dialog.js';
import { busy, element, find, fromTemplate, toast } from './dom.js';
import { onSubmit } from './form.js';
import { choose, organization, organizations } from './organization.js';
import { Failure } from './request.js';
import { at } from './root.js';
import { alertOf, row } from './row.js';
import { call } from './session.js';
import { user } from './user.js';
import { time } from './values.js';
import { sentence } from './words.js';

const ROLES = ['viewer', 'member', 'admin', 'owner'];
const MOST = 100;

class Members {
  constructor(view, { id, role }) {
    this.address = `api/v1/organizations/${id}`;
    this.manages = role === 'admin' || role === 'owner';
    this.roles = role === 'owner' ? ROLES : ROLES.slice(0, -1);
    this.members = find('[data-members]', view);
    this.invitations = find('[data-invitations]', view);
    this.alert = find('[data-list-alert]', view);
    this.more = find('[data-more]', view);
    const form = find('[data-invite]', view);
    form.hidden = !this.manages;
    find('[data-open]', view).hidden = !this.manages;
    form.elements.role.append(...this.roles.map((each) => element('option', {}, each)));
    form.elements.role.value = 'member';
    onSubmit(form, () => this.invite(form));
  }

  async read() {
    const [{ data: members, pagination }, { data: invitations }] = await Promise.all([
      call('GET', `${this.address}/members?limit=${MOST}`),
      this.manages ? call('GET', `${this.address}/invitations?limit=${MOST}`) : { data: [] },
    ]);
    this.members.replaceChildren(...members.map((member) => this.memberRow(member)));
    this.more.hidden = !pagination.hasMore;
    this.invitations.replaceChildren(...invitations.map((invitation) => this.invitationRow(invitation)));
  }

  async invite(form) {
    const { email, role } = form.elements;
    const body = { email: email.value, role: role.value };
    await call('POST', `${this.address}/invitations`, { body });
    email.value = '';
    toast('A mail is on its way');
    await this.read();
  }

  async run(control, action) {
    await busy(control, async () => {
      this.alert.textContent = '';
      let refused = '';
      try {
        await action();
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        refused = sentence(error);
      }
      await this.read();
      alertOf(control, this.alert).textContent = refused;
    });
  }

  memberRow(member) {
    const { userId, name, email, role, joinedAt } = member;
    const isMe = userId === user().id;
    const mayTouch = this.manages && this.roles.includes(role);
    return row(
      'member-row',
      [element('span', { dir: 'auto' }, name || email), isMe && ' (you)'],
      [`${email} · ${role} · since `, time(joinedAt)],
      mayTouch && this.roleSelect(member),
      (mayTouch || isMe) && this.button(isMe ? 'Leave' : 'Remove', email, () => this.remove(member, isMe)),
    );
  }

  roleSelect({ userId, role, email }) {
    const select = element(
      'select',
      { 'aria-label': `Role of ${email}` },
      this.roles.map((each) => element('option', { selected: each === role }, each)),
    );
    const change = () => call('PATCH', `${this.address}/members/${userId}`, { body: { role: select.value } });
    select.addEventListener('change', () => void this.run(select, change));
    return select;
  }

  invitationRow({ id, email, role, expiresAt }) {
    const withdraw = () => call('DELETE', `${this.address}/invitations/${id}`);
    return row(
      'member-row',
      email,
      [`${role} · expires `, time(expiresAt)],
      this.button('Withdraw', email, withdraw),
    );
  }

  button(text, email, action) {
    const button = element('button', { type: 'button', 'aria-label': `${text} ${email}` }, text);
    button.addEventListener('click', () => void this.run(button, action));
    return button;
  }

  async remove({ userId, email }, isMe) {
    const isSure = await confirmed({
      title: isMe ? 'Leave this organization?' : `Remove ${email}?`,
      text: 'Access ends at once. What was created stays with the organization.',
      yes: isMe ? 'Leave' : 'Remove',
      kind: 'danger',
    });
    if (!isSure) return;
    await call('DELETE', `${this.address}/members/${userId}`);
    if (!isMe) return toast('Removed');
    choose(null);
    location.assign(at('dashboard'));
  }
}

export async function show(view) {
  const chosen = organizations().find(({ id }) => id === organization());
  view.append(fromTemplate(chosen ? 'members' : 'no-organization'));
  if (!chosen) {
    find('[data-new]', view).href = at('console/organizations/new');
    return 'Members';
  }
  find('[data-organization]', view).textContent = chosen.name;
  await new Members(view, chosen).read();
  return 'Members';
}
