import { capitalised, wordsOf } from '../naming/words.ts';
import type { Names } from '../naming/names.ts';
import { refuse } from '../naming/refusal.ts';
import { literal } from '../types/source.ts';
import { type Call, callsSource, collectionsOf, inEach, named } from './migration.ts';
import type { Project } from './project.ts';

type Pairs = readonly (readonly [from: string, to: string])[];

/** What a migration has to know of fields that get other names. */
interface About {
  /** The fields that are lists of objects. */
  readonly lists: ReadonlySet<string>;
  /** What is searched, where one of them is. */
  readonly searched: readonly string[];
}

/** The migration that gives fields other names in what is stored, and its test. @throws Refusal */
export function renamedFields(
  project: Project,
  names: Names,
  renamed: Pairs,
  { lists, searched }: About,
): [string, string][] {
  const { singular, plural, records, resources } = names;
  const collections = collectionsOf(project, names);
  const [list] = lists;
  const other = renamed.find(([from]) => list !== undefined && !from.startsWith(`${list}.`));
  if (other) refuse(`Rename the fields of ${list} and ${other[0]} one after the other`);
  const pairs = Object.fromEntries(renamed);
  const calls: Call[] = [
    ['renameFields', literal(pairs)],
    ...(searched.length > 0 ? [['setListKeys', literal({ searched })] as const] : []),
  ];
  const used = list === undefined ? calls.map(([call]) => call) : ['removeIndexes', 'updateInBatches'];
  const steps =
    list === undefined
      ? callsSource(collections, calls)
      : inEach(collections, (of) => stepsOfList(list, renamed, of));
  const words = renamed.flat().flatMap((name) => name.split('.').flatMap(wordsOf));
  return named(project, ['rename', ...singular.split('-'), ...words].join('-'), (name, constant) => ({
    migration: `import { type Migration, ${used.join(', ')} } from '../platform/migrations/migration.js';

/** ${capitalised(resources)} stored while fields had other names. The previous version knows only those: stop it first. */
export const ${constant}: Migration = {
  name: '${name}',
  async up(context) {
${steps}},
};
`,
    test: `import { ${records} } from './features/${plural}.js';
import { describeRenamedFields } from './support/describe-renamed-fields.js';

describeRenamedFields(${records}, '${name}', ${literal(pairs)});
`,
  }));
}

/** No operator renames a field of each object of a list. */
function stepsOfList(list: string, renamed: Pairs, of: string): string {
  const inner = renamed.map((pair) => pair.map((name) => name.slice(list.length + 1)));
  const having = renamed.map(([from]) => `{ '${from}': { $exists: true } }`);
  const fresh = inner.map(([from, to]) => `${to}: '$$this.${from}'`).join(', ');
  const each = inner.reduce(
    (input, [from]) => `{ $unsetField: { field: '${from}', input: ${input} } }`,
    `{ $mergeObjects: ['$$this', { ${fresh} }] }`,
  );
  const what = of.startsWith("'") ? of.slice(1, -1) : `\${${of}}`;
  return `await removeIndexes(context, ${of}, ${literal(renamed.map(([from]) => from))});
const having = ${having.length === 1 ? having[0] : `{ $or: [${having.join(', ')}] }`};
const renamed = { $map: { input: '$${list}', in: ${each} } };
const update = [{ $set: { ${list}: renamed, version: { $add: ['$version', 1] } } }];
await updateInBatches(context.db.collection(${of}), having, update, (done) =>
  context.progress(\`\${done} ${what} have ${renamed.map(([, to]) => to).join(', ')}\`),
);
`;
}
