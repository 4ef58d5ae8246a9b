/**
 * For the whole run, files of tests together in some fifty files: to load the product for each of 230 files takes
 * Jest a third of its time. A single file is run as it is: `npm test -- projects`.
 */
import fs from 'node:fs';
import { join, relative } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const FOLDER = join(ROOT, 'dist/tests');

/**
 * Folders whose tests wait for processes and browsers, and as many groups of each; the first ones take longest. What
 * starts processes stays a file each: some take longer than all others together would.
 */
const WAITING = [
  { folder: 'test/process/generated-features', groups: 1 },
  { folder: 'test/process/', groups: Infinity },
  { folder: 'test/browser/', groups: 4 },
  { folder: 'test/schematics/', groups: 3 },
];
/** As many groups of those that compute, each with its share of their text. */
const GROUPS = 16;

/** Said at the top of a file that leaves something behind, with the reason. */
const ALONE = /^\/\/ Alone in its process: /;

/** What waits while it is loaded cannot be loaded beside others. */
const AWAITS = /^(?:const|let) .* = await /m;

const isAlone = ({ text }) => ALONE.test(text) || AWAITS.test(text);

/** A file by its path from the root, with what its place in a run depends on. */
function described(path) {
  const order = WAITING.findIndex(({ folder }) => path.startsWith(folder));
  return { path, text: fs.readFileSync(join(ROOT, path), 'utf8'), order: order < 0 ? WAITING.length : order };
}

const waits = ({ order }) => order < WAITING.length;

/** Spreads files over groups so that all are of about the same size. */
function spread(files, count) {
  const groups = Array.from({ length: Math.min(count, files.length) }, () => ({ size: 0, files: [] }));
  for (const file of files) {
    const smallest = groups.reduce((a, b) => (b.size < a.size ? b : a));
    smallest.files.push(file);
    smallest.size += file.text.length;
  }
  return groups.map((group) => group.files);
}

/**
 * Groups of described files in the order in which they are run. Begins with what takes longest, so that no worker is left with
 * it at the end, also on a machine's first run. What waits for processes and what computes take turns: together they
 * use the machine better.
 */
function groupsOf(paths, groups) {
  const files = paths.map(described).toSorted((a, b) => a.order - b.order || b.text.length - a.text.length);
  const grouped = (chosen, count) => {
    const [alone, others] = [true, false].map((being) => chosen.filter((file) => isAlone(file) === being));
    return [...alone.map((file) => [file]), ...spread(others, count)];
  };
  const waiting = WAITING.flatMap(({ groups: count }, order) =>
    grouped(
      files.filter((file) => file.order === order),
      count,
    ),
  );
  const computing = grouped(
    files.filter((file) => !waits(file)),
    groups,
  );
  const placed = (each) => each.map((group, n) => ({ group, place: n / each.length }));
  const turns = [...placed(waiting), ...placed(computing)].toSorted((a, b) => a.place - b.place);
  return turns.map(({ group }) => group);
}

/**
 * The paths of each group, in the order in which they are run.
 * @param paths from the root
 * @param groups of those that compute
 */
export function inTurns(paths, groups = paths.length) {
  return groupsOf(paths, groups).map((group) => group.map(({ path }) => path));
}

/** The longest time that one of the files gives its tests. */
function timeoutOf(group) {
  const times = group.flatMap(({ text }) => [...text.matchAll(/^jest\.setTimeout\(([\d_]+)\)/gm)]);
  return Math.max(0, ...times.map(([, digits]) => Number(digits.replaceAll('_', ''))));
}

const to = (path) => JSON.stringify(relative(FOLDER, join(ROOT, path)).replaceAll('\\', '/'));

/** A file by itself has nothing of others to be kept from, and may do without the product. */
function textOf(group) {
  const timeout = timeoutOf(group);
  const [describe, ...needed] =
    group.length === 1
      ? ['describe']
      : ['describeFile', `const { describeFile } = require(${to('test/support/one-of-many.ts')});`];
  return [
    ...needed,
    ...group.map(({ path }) => `${describe}(${JSON.stringify(path)}, () => void require(${to(path)}));`),
    ...(timeout > 0 ? [`jest.setTimeout(${timeout});`] : []),
    '',
  ].join('\n');
}

/** The paths of test files. @param patterns as those of `groupTests` */
export function chosenTests(patterns) {
  const isChosen = (path) => patterns.length === 0 || patterns.some((pattern) => path.match(pattern));
  return fs
    .globSync('{src,test,schematics}/**/*.{spec,e2e-spec}.ts', { cwd: ROOT })
    .map((path) => path.replaceAll('\\', '/'))
    .filter(isChosen);
}

/**
 * Writes the groups, and returns what Jest is to be told.
 * @param patterns parts of the paths of files, as regular expressions: all files unless there are some
 */
export function groupTests(patterns = [], groups = GROUPS) {
  const paths = chosenTests(patterns);
  fs.rmSync(FOLDER, { recursive: true, force: true });
  fs.mkdirSync(FOLDER, { recursive: true });
  for (const [n, group] of groupsOf(paths, groups).entries()) {
    const [{ path, text }] = group;
    const name = group.length === 1 ? path.replaceAll(/^.*\/|\.(?:e2e-)?spec\.ts$/g, '') : 'together';
    const place = join(FOLDER, `${String(n + 1).padStart(3, '0')}-${name}.spec`);
    if (AWAITS.test(text)) fs.writeFileSync(`${place}.mjs`, `await import(${to(path)});\n`);
    else fs.writeFileSync(`${place}.cjs`, textOf(group));
  }
  return ['--roots', FOLDER, '--testMatch', '**/*.spec.{cjs,mjs}'];
}
