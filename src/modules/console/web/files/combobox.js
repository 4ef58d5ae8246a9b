import { element } from './dom.js';
import { nameOf, searchOf, titleFieldOf } from './features.js';
import { addressIn, maySearch, readOne, remember, targetOf } from './references.js';
import { Failure } from './request.js';
import { call } from './session.js';

const AFTER_MS = 200;
const ID = /^[\da-f]{24}$/i;

async function listed(target, asked, signal) {
  const { data } = await call('GET', `${target.readPath}?${new URLSearchParams(asked)}`, { signal });
  return data;
}

/** The parameter of a list finds a part of the name, or of something else: then names are looked for in the newest. */
async function suggestions(target, words, signal) {
  if (ID.test(words)) {
    const one = await readOne(target, words);
    return one ? [one] : [];
  }
  const search = searchOf(target);
  const isOfNames = search?.name === 'q' || (search && search.name === titleFieldOf(target)?.name);
  const takesPart = search && search.type !== 'email' && words !== '';
  const isFitting = (record) => nameOf(target, record).toLowerCase().includes(words.toLowerCase());
  const [byName, bySearch] = await Promise.all([
    isOfNames ? [] : listed(target, { limit: '100' }, signal),
    isOfNames || takesPart
      ? listed(target, { limit: '20', ...(words && { [search.name]: words }) }, signal)
      : [],
  ]);
  const found = new Map([...byName.filter(isFitting), ...bySearch].map((record) => [record.id, record]));
  return [...found.values()].slice(0, 20);
}

/** A reference that is looked for by the name of what it leads to. Answers a control as fields.js has them. */
export function combobox(field, { id, note, value }) {
  const target = targetOf(field);
  if (!target || !maySearch(target)) return undefined;
  let chosen = value ?? null;
  let searching = new AbortController();
  let timer;
  const input = element('input', {
    id,
    type: 'text',
    role: 'combobox',
    autocomplete: 'off',
    spellcheck: 'false',
    dir: 'auto',
    placeholder: `Search ${target.plural.replaceAll('-', ' ')}`,
    'aria-autocomplete': 'list',
    'aria-expanded': 'false',
    'aria-controls': `${id}-list`,
    'aria-describedby': note,
  });
  const list = element('ul', {
    id: `${id}-list`,
    role: 'listbox',
    class: 'options',
    'aria-label': 'Matches',
  });
  list.hidden = true;
  const link = element('a', { class: 'open-link' }, 'Open');
  const node = element('div', { class: 'combobox' }, input, link, list);

  const close = () => {
    list.hidden = true;
    input.setAttribute('aria-expanded', 'false');
    input.removeAttribute('aria-activedescendant');
  };
  const showChosen = (title = '') => {
    input.value = title;
    link.hidden = !chosen;
    if (!chosen) return link.removeAttribute('href');
    link.setAttribute('href', addressIn(target, chosen));
    link.setAttribute('aria-label', `Open ${title}`);
  };
  const choose = (record) => {
    // What is still being looked for opens the list no more.
    clearTimeout(timer);
    searching.abort();
    chosen = record?.id ?? null;
    if (record) remember(target, record);
    showChosen(record ? nameOf(target, record) : '');
    close();
    node.dispatchEvent(new Event('change', { bubbles: true }));
  };
  const options = () => [...list.querySelectorAll('[role="option"]')];
  const activate = (step) => {
    const all = options();
    const now = all.findIndex((each) => each.getAttribute('aria-selected') === 'true');
    const next = all[(now + step + all.length) % all.length];
    for (const each of all) each.setAttribute('aria-selected', String(each === next));
    if (!next) return;
    input.setAttribute('aria-activedescendant', next.id);
    next.scrollIntoView({ block: 'nearest' });
  };
  const offer = async () => {
    searching.abort();
    searching = new AbortController();
    let found;
    try {
      found = await suggestions(target, input.value.trim(), searching.signal);
    } catch (error) {
      if (error instanceof Failure) return;
      throw error;
    }
    list.replaceChildren(
      ...found.map((record, index) =>
        element(
          'li',
          {
            id: `${id}-${index}`,
            role: 'option',
            'aria-selected': 'false',
            dir: 'auto',
            onpointerdown: (event) => {
              event.preventDefault();
              choose(record);
            },
          },
          nameOf(target, record),
        ),
      ),
    );
    for (const [index, each] of options().entries()) each.record = found[index];
    list.hidden = found.length === 0;
    input.setAttribute('aria-expanded', String(found.length > 0));
  };
  const restore = async () => {
    const record = chosen ? await readOne(target, chosen) : undefined;
    showChosen(chosen ? (record ? nameOf(target, record) : chosen) : '');
  };

  input.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(() => void offer(), AFTER_MS);
  });
  input.addEventListener('focus', () => void offer());
  input.addEventListener('blur', () => {
    close();
    if (input.value.trim() === '') {
      if (chosen) choose(undefined);
    } else void restore();
  });
  input.addEventListener('keydown', (event) => {
    const active = options().find((each) => each.getAttribute('aria-selected') === 'true');
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (list.hidden) void offer();
      else activate(event.key === 'ArrowDown' ? 1 : -1);
    } else if (event.key === 'Enter' && active && !list.hidden) {
      event.preventDefault();
      choose(active.record);
    } else if (event.key === 'Escape' && !list.hidden) {
      event.preventDefault();
      close();
    }
  });
  void restore();
  return {
    node,
    input,
    read: () => chosen,
    write: (next) => {
      chosen = next ?? null;
      void restore();
    },
  };
}
