/**
 * `npm run feature -- invoices number:string:required amount:number`, `npm run field -- invoices paidAt:date`:
 * runs a schematic of `schematics/` in this process. `nest g` takes no fields; docs/adding-a-feature.md has them all.
 */
import { readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { enableCompileCache, getCompileCacheDir } from 'node:module';
import { dirname } from 'node:path';
import { argumentsOf, USAGE } from './command-line.mjs';
import { requireNode } from './node-version.mjs';

requireNode();
// Compilers are large: of them and of the project, which describes itself in a process of its own, the compiled code is kept.
enableCompileCache('node_modules/.cache/node');
process.env.NODE_COMPILE_CACHE ??= getCompileCacheDir();
const [schematic, ...args] = process.argv.slice(2);
const { options: flags, words } = argumentsOf(schematic, args);
let [name, ...fields] = words;
const say = (text) => process.stderr.write(`${text}\n`);
const misused = (text) => {
  say(text);
  process.exit(USAGE);
};
const dryRun = flags['dry-run'] ?? false;
if (flags.remove) {
  const other = ['list', 'add', 'shared', 'rename'].find((each) => flags[each] !== undefined);
  if (other !== undefined) misused(`--remove goes without --${other}`);
  if (schematic === 'feature' && fields.length > 0) {
    misused(
      `--remove takes all of ${name}; a field of it goes by npm run field -- ${name} ${fields[0]} --remove`,
    );
  }
} else {
  const lost = ['drop', ...(flags.rename ? [] : ['force'])].find((each) => flags[each] !== undefined);
  if (lost !== undefined) misused(`--${lost} goes with --remove`);
}
if (flags.from !== undefined) {
  const others = ['list', 'add', 'shared'].find((each) => flags[each] !== undefined);
  if (others !== undefined) misused(`--${others} belongs into ${flags.from}`);
  if (flags.remove) misused('--remove takes the name of the feature, not a file');
  const { describedInFile } = await import('../schematics/specification/file.ts');
  try {
    const described = describedInFile(flags.from, readFileSync(flags.from, 'utf8'));
    ({ name, fields } = described);
    Object.assign(flags, { list: described.lists, add: described.add, shared: described.shared });
  } catch (error) {
    say(error.syscall ? `There is no file ${flags.from} that can be read` : error.message);
    process.exit(1);
  }
}
// Loaded last: asking for help should not wait for it.
const { NodeWorkflow } = await import('@angular-devkit/schematics/tools/index.js');
const workflow = new NodeWorkflow(process.cwd(), { dryRun });
const written = [];
const KINDS = { create: 'CREATE', delete: 'DELETE' };
workflow.reporter.subscribe(({ kind, path }) => {
  written.push(`${KINDS[kind] ?? 'UPDATE'} ${path.replace(/^\//, '')}`);
});
try {
  const {
    shared = false,
    list: lists = [],
    add = [],
    to = [],
    route,
    schedule,
    remove,
    rename,
    drop,
    force,
  } = flags;
  const own = {
    feature: { shared, lists, add, remove, drop, force },
    field: { remove, rename, drop, force },
    executor: { route, schedule },
    route: { to },
  };
  const options = { name, fields, ...own[schematic] };
  await new Promise((resolve, reject) => {
    workflow
      .execute({ collection: 'flowversal-schematics', schematic, options })
      .subscribe({ error: reject, complete: resolve });
  });
} catch (error) {
  say(error.message);
  process.exit(1);
}
process.stdout.write(`${written.join('\n')}\n`);
if (!dryRun) removeEmptyFolders(written.flatMap((line) => /^DELETE (.*)/.exec(line)?.[1] ?? []));
// The test of a new migration has the singular in its name.
const migrations = written.flatMap(
  (line) => /^CREATE test\/(migrations-.+)\.e2e-spec\.ts$/.exec(line)?.[1] ?? [],
);
// What a feature was part of may be anywhere.
const tests = flags.remove && schematic === 'feature' ? '' : ` -- ${[name, ...migrations].join(' ')}`;
say(dryRun ? 'Nothing was written: --dry-run' : `Next: npm test${tests}, then npm start`);

/** Folders without a file, which git does not know. */
function removeEmptyFolders(paths) {
  for (let folders = new Set(paths.map((path) => dirname(path))); folders.size > 0;) {
    const empty = [...folders].filter((folder) => readdirSync(folder).length === 0);
    for (const folder of empty) rmdirSync(folder);
    folders = new Set(empty.map((folder) => dirname(folder)));
  }
}
