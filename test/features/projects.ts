import type { Feature } from '../support/feature.js';

export const projects: Feature = {
  path: '/api/v1/projects',
  resource: 'project',
  collection: 'projects',
  fields: {
    name: {
      required: true,
      unique: true,
      filter: 'contains',
      value: (n) => `Name ${n}`,
      accepts: ['x', 'x'.repeat(100)],
      becomes: [
        [' x ', 'x'],
        ['e\u0301', '\u00e9'],
      ],
      refuses: ['', ' ', 'x'.repeat(101), 'a\0b', 1],
    },
    description: {
      value: (n) => `Description ${n}`,
      accepts: ['', 'x'.repeat(500)],
      becomes: [[' x ', 'x']],
      refuses: ['x'.repeat(501), 'a\0b', 1],
    },
    metadata: {
      unsent: {},
      value: (n) => ({ number: n, nested: { list: [n, null, 'x'] } }),
      accepts: [{}, { 'a b': true }],
      refuses: ['x', 1, { 'a.b': 1 }, { a: { b: { c: { d: { e: {} } } } } }],
    },
  },
};
