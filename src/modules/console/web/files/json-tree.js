import { element } from './dom.js';

const kindOf = (value) => (value === null ? 'null' : typeof value);

function leaf(value) {
  return element('span', { class: `json-${kindOf(value)}`, dir: 'auto' }, JSON.stringify(value));
}

function branch(value, depth) {
  const entries = Object.entries(value);
  const isList = Array.isArray(value);
  if (entries.length === 0) return element('span', { class: 'quiet' }, isList ? '[ ]' : '{ }');
  return element(
    'ul',
    { class: 'json' },
    entries.map(([key, child]) => {
      const isLeaf = child === null || typeof child !== 'object';
      const name = element('span', { class: 'json-key', dir: 'auto' }, key);
      if (isLeaf) return element('li', {}, name, ' ', leaf(child));
      const count = Object.keys(child).length;
      return element(
        'li',
        {},
        element(
          'details',
          { open: depth < 2 },
          element('summary', {}, name, ' ', element('span', { class: 'quiet small' }, `${count}`)),
          branch(child, depth + 1),
        ),
      );
    }),
  );
}

/** JSON as a tree that can be folded. */
export function jsonTree(value) {
  const isLeaf = value === null || typeof value !== 'object';
  return element('div', { class: 'json-tree' }, isLeaf ? leaf(value) : branch(value, 1));
}
