/**
 * `npm run feature -- invoices number:string:required amount:number`, `npm run field -- invoices paidAt:date`:
 * runs a schematic of `schematics/` in this process. `nest g` takes no fields; docs/adding-a-feature.md has them all.
 */
import { requireNode } from './node-version.mjs';

requireNode();
const { NodeWorkflow } = await import('@angular-devkit/schematics/tools/index.js');

const [schematic, ...args] = process.argv.slice(2);
const OPTIONS = schematic === 'feature' ? ['--shared', '--dry-run'] : ['--dry-run'];
const flags = args.filter((arg) => arg.startsWith('-'));
const [name, ...fields] = args.filter((arg) => !arg.startsWith('-'));
const say = (text) => process.stderr.write(`${text}\n`);

const unknown = flags.find((flag) => !OPTIONS.includes(flag));
if (unknown !== undefined || name === undefined || (schematic === 'field' && fields.length === 0)) {
  if (unknown !== undefined) say(`Unknown option ${unknown}`);
  say(`npm run ${schematic} -- <plural> <name>:<type>:<flag>… [${OPTIONS.join('] [')}]`);
  say('docs/adding-a-feature.md lists the types and flags.');
  process.exit(1);
}

const dryRun = flags.includes('--dry-run');
const workflow = new NodeWorkflow(process.cwd(), { dryRun });
const written = [];
workflow.reporter.subscribe(({ kind, path }) => {
  written.push(`${kind === 'create' ? 'CREATE' : 'UPDATE'} ${path.replace(/^\//, '')}`);
});
try {
  const shared = flags.includes('--shared');
  const options = schematic === 'feature' ? { name, fields, shared } : { name, fields };
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
say(dryRun ? 'Nothing was written: --dry-run' : `Next: npm test -- ${name}, then npm start`);
