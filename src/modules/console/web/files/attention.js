import { PAGES } from './page-list.js';
import { Failure } from './request.js';
import { call } from './session.js';

const PATH = 'api/v1/executions';

/** How many executions wait for somebody to say what became of a step. */
export async function countAttention({ owner, signal } = {}) {
  const asked = { status: 'needs-attention', limit: '1', total: 'true', ...(owner && { owner }) };
  const { pagination } = await call('GET', `${PATH}?${new URLSearchParams(asked)}`, { signal });
  if (!owner) mark(pagination.total);
  return pagination.total;
}

/** Marks the link in the sidebar. */
function mark(total) {
  const link = document.querySelector('[data-nav] [data-path="console/executions"]');
  link?.querySelector('.badge')?.remove();
  if (!link || total === 0) return;
  const badge = Object.assign(document.createElement('span'), {
    className: 'badge warn',
    textContent: total,
  });
  badge.append(
    Object.assign(document.createElement('span'), {
      className: 'visually-hidden',
      textContent: ' need attention',
    }),
  );
  link.append(badge);
}

/** `2 executions need your attention.` */
export const attentionText = (total) =>
  total === 1 ? 'One execution needs your attention.' : `${total} executions need your attention.`;

/** The same for a page that is about something else; 0 where that cannot be told now. */
export async function lookForAttention() {
  if (!PAGES.some(({ path }) => path === 'console/executions')) return 0;
  try {
    return await countAttention();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return 0;
  }
}
