/**
 * `npm run feature -- invoices number:string:required amount:number`, `npm run field -- invoices paidAt:date`:
 * runs a schematic of `schematics/` in this process. `nest g` takes no fields; docs/adding-a-feature.md has them all.
 */
import { readFileSync } from 'node:fs';
import { enableCompileCache, getCompileCacheDir } from 'node:module';
import { argumentsOf } from './command-line.mjs';
import { requireNode } from './node-version.mjs';

requireNode();
// Compilers are large: of them and of the project, which describes itself in a process of its own, the compiled code is kept.
enableCompileCache('node_modules/.cache/node');
process.env.NODE_COMPILE_CACHE ??= getCompileCacheDir();
const [schematic, ...args] = process.argv.slice(2);
const { options: flags, words } = argumentsOf(schematic, args);
let [name, ...fields] = words;
const say = (text) => process.stderr.write(`${text}\n`);
const dryRun = flags['dry-run'] ?? false;
if (flags.from !== undefined) {
  const others = ['list', 'add', 'shared'].find((each) => flags[each] !== undefined);
  if (others !== undefined) {
    say(`--${others} belongs into ${flags.from}`);
    process.exit(64);
  }
  const { describedInFile } = await import('../schematics/specification/file.ts');
  try {
    const described = describedInFile(flags.from, readFileSync(flags.from, 'utf8'));
    ({ name, fields } = described);
    Object.assign(flags, { list: described.lists, add: described.add, shared: described.shared });
  } catch (error) {
    say(error.code === 'ENOENT' ? `There is no file ${flags.from}` : error.message);
    process.exit(1);
  }
}
// Loaded last: asking for help should not wait for it.
const { NodeWorkflow } = await import('@angular-devkit/schematics/tools/index.js');
const workflow = new NodeWorkflow(process.cwd(), { dryRun });
const written = [];
workflow.reporter.subscribe(({ kind, path }) => {
  written.push(`${kind === 'create' ? 'CREATE' : 'UPDATE'} ${path.replace(/^\//, '')}`);
});
try {
  const { shared = false, list: lists = [], add = [], route, schedule } = flags;
  const own = { feature: { shared, lists, add }, executor: { route, schedule } };
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
// The test of a new migration has the singular in its name.
const migrations = written.flatMap(
  (line) => /^CREATE test\/(migrations-.+)\.e2e-spec\.ts$/.exec(line)?.[1] ?? [],
);
const tests = [name, ...migrations].join(' ');
say(dryRun ? 'Nothing was written: --dry-run' : `Next: npm test -- ${tests}, then npm start`);
