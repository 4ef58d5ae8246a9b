import { busy, element, find, toast } from './dom.js';
import { features, titleOf } from './features.js';
import { icon } from './icons.js';
import { reaches } from './organization.js';
import { HAS_REFERENCE, PAGES } from './page-list.js';
import { Failure } from './request.js';
import { at } from './root.js';
import { signOut } from './session.js';
import { onUserChange, user } from './user.js';
import { sentence } from './words.js';

const bar = find('[data-sidebar]');
const toggle = find('[data-menu]');

/** Whether a page is for the role of the person, in the organization too. */
export const maySee = ({ role, organizationRole }) =>
  (!role || role === user().role) && (!organizationRole || reaches(organizationRole));

/** Links to the console's own pages below a heading, to each user those it may see. */
function pagesBelow(heading) {
  return PAGES.filter((page) => page.section === heading && maySee(page)).map(
    ({ icon: picture, title, path }) => [picture, title, path],
  );
}

const ofFeatures = (picture, part) =>
  features(part)
    .map((feature) => [picture, titleOf(feature), `console/${feature.plural}`])
    .filter(([, , address]) => !PAGES.some(({ path }) => path === address));

/** What stands in the sidebar, part by part: [heading, [[picture, text, address], …]] */
function parts() {
  return [
    ['', pagesBelow('')],
    ['Records', [...ofFeatures('records'), ...pagesBelow('Records')]],
    ['Work', pagesBelow('Work')],
    ['Account', pagesBelow('Account')],
    ['Administration', [...ofFeatures('users', 'administration'), ...pagesBelow('Administration')]],
    [
      'Developers',
      [...pagesBelow('Developers'), ...(HAS_REFERENCE ? [['docs', 'API reference', 'docs']] : [])],
    ],
  ].filter(([, links]) => links.length > 0);
}

function linkTo([picture, text, path]) {
  const isPage = path !== 'docs';
  return element(
    'li',
    {},
    element(
      'a',
      { href: at(path), class: 'nav-link', 'data-path': path, target: isPage ? undefined : '_blank' },
      icon(picture),
      element('span', {}, text),
      isPage ? undefined : element('span', { class: 'visually-hidden' }, ' (opens a new tab)'),
      isPage ? undefined : icon('link'),
    ),
  );
}

function section([heading, links], index) {
  const id = `nav-${index}`;
  return element(
    'section',
    { class: 'nav-part', 'aria-labelledby': heading ? id : undefined },
    heading && element('h2', { id, class: 'nav-heading' }, heading),
    element('ul', {}, links.map(linkTo)),
  );
}

const initialsOf = ({ name, email }) =>
  (name || email)
    .split(/[\s.@_-]+/)
    .slice(0, 2)
    .map((word) => [...word][0] ?? '')
    .join('')
    .toUpperCase();

function showUser(person) {
  find('[data-initials]', bar).textContent = initialsOf(person);
  find('[data-name]', bar).textContent = person.name;
  find('[data-email]', bar).textContent = person.email;
}

export function showSidebar() {
  find('[data-nav]', bar).replaceChildren(...parts().map(section));
  showUser(user());
}

/** Marks where the page that is shown stands. */
export function markCurrent(path) {
  const [page] = path.split('?');
  for (const link of bar.querySelectorAll('[data-path]')) {
    const { path: own } = link.dataset;
    if (page === own) link.setAttribute('aria-current', 'page');
    else if (page.startsWith(`${own}/`)) link.setAttribute('aria-current', 'true');
    else link.removeAttribute('aria-current');
  }
  open(false);
}

/** On narrow screens the sidebar covers the page while it is open. */
function open(isOpen) {
  document.body.classList.toggle('menu-open', isOpen);
  toggle.setAttribute('aria-expanded', String(isOpen));
  find('[data-main]').inert = isOpen;
  if (isOpen) bar.querySelector('[aria-current]')?.focus();
}

toggle.addEventListener('click', () => open(toggle.getAttribute('aria-expanded') !== 'true'));
find('[data-scrim]').addEventListener('click', () => open(false));
bar.addEventListener('keydown', ({ key }) => {
  if (key !== 'Escape' || toggle.getAttribute('aria-expanded') !== 'true') return;
  open(false);
  toggle.focus();
});
onUserChange(showUser);

find('[data-sign-out]').addEventListener('click', ({ currentTarget }) =>
  busy(currentTarget, async () => {
    try {
      await signOut();
      return 'leaving';
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return toast(sentence(error));
    }
  }),
);
