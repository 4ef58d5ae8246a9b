import { attentionText, lookForAttention } from './attention.js';
import { codeCard } from './code-card.js';
import { element, fromTemplate, find } from './dom.js';
import { aboutOf, addressOf, features, mayCreate, nameOf, titleOf } from './features.js';
import { icon } from './icons.js';
import { reaches } from './organization.js';
import { HAS_REFERENCE } from './page-list.js';
import { Failure } from './request.js';
import { at } from './root.js';
import { call } from './session.js';
import { showUnverified } from './unverified.js';
import { user } from './user.js';
import { time } from './values.js';
import { number, sentence } from './words.js';

const LATEST = 5;

function latestOf(feature, records) {
  return element(
    'ul',
    { class: 'latest' },
    records.map((record) =>
      element(
        'li',
        {},
        element(
          'a',
          { href: addressOf(feature, record.id), 'data-row-link': true, dir: 'auto' },
          nameOf(feature, record),
        ),
        element('span', { class: 'quiet small' }, time(record.updatedAt ?? record.createdAt)),
      ),
    ),
  );
}

async function cardOf(feature) {
  const title = titleOf(feature);
  const card = element(
    'section',
    { class: 'card overview-card', 'aria-label': title },
    element(
      'div',
      { class: 'card-head' },
      element('h2', {}, element('a', { href: addressOf(feature) }, title)),
      mayCreate(feature) &&
        element(
          'a',
          {
            href: addressOf(feature, 'new'),
            class: 'icon-button',
            'aria-label': `New ${feature.name}`,
            title: `New ${feature.name}`,
          },
          icon('plus'),
        ),
    ),
  );
  try {
    const { data, pagination } = await call('GET', `${feature.readPath}?limit=${LATEST}&total=true`);
    card.querySelector('h2').append(element('span', { class: 'count' }, number(pagination.total)));
    card.append(
      data.length > 0
        ? latestOf(feature, data)
        : element('p', { class: 'quiet' }, `No ${title.toLowerCase()} yet. ${aboutOf(feature)}`),
    );
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    card.append(element('p', { class: 'alert' }, sentence(error)));
  }
  return card;
}

function firstSteps() {
  const own = features();
  const feature = own.find((each) => each.ownerField === 'ownerId' && mayCreate(each)) ?? own[0];
  const path = feature?.path ?? 'api/v1/auth/me';
  const curl = `curl ${at(path)} \\\n-H "Authorization: Bearer $API_KEY"`;
  return codeCard('Call the API', curl);
}

export async function show(view) {
  const [urgent, ...cards] = await Promise.all([lookForAttention(), ...features().map(cardOf)]);
  view.append(fromTemplate('overview'));
  const notice = find('[data-attention]', view);
  notice.hidden = urgent === 0;
  find('span', notice).textContent = attentionText(urgent);
  find('a', notice).setAttribute('href', at('console/executions?status=needs-attention'));
  find('h1', view).textContent = `Hello, ${user().name}`;
  find('h1', view).setAttribute('dir', 'auto');
  find('[data-cards]', view).replaceChildren(...cards);
  find('[data-aside]', view).replaceChildren(firstSteps());
  find('[data-keys]', view).setAttribute('href', at('console/api-keys'));
  find('[data-keys]', view).closest('p').hidden = !reaches('admin');
  find('[data-docs]', view).setAttribute('href', at('docs'));
  find('[data-reference]', view).hidden = !HAS_REFERENCE;
  await showUnverified(view);
  return 'Overview';
}
