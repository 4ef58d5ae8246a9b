/**
 * `npm run scorecard`: tries, line by line, what the product promises when everything else breaks, in full length, and
 * writes docs/scorecard.md. Fails when a line falls short; one that no test proves in full does, and says why.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argumentsOf } from './command-line.mjs';
import { LINES } from './scorecard-lines.mjs';
import { requireNode } from './node-version.mjs';
import { writeMarkdown } from './write-markdown.mjs';

const DOCUMENT = 'docs/scorecard.md';
/** What `npm run bench -- --overload` writes. */
const OVERLOAD = 'bench/overload.md';

/** Runs the tests of a line. */
async function run({ files, name }, minutes) {
  const folder = mkdtempSync(join(tmpdir(), 'product-scorecard-'));
  const report = join(folder, 'report.json');
  const words = [...files, ...(name ? [`--name=${name}`] : [])];
  const env = {
    ...process.env,
    npm_lifecycle_event: 'soak',
    TEST_REPORT: report,
    ...(minutes && { SOAK_MINUTES: minutes }),
  };
  const child = spawn(process.execPath, ['scripts/test.mjs', ...words], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
    process.stdout.write(chunk);
  });
  const [status] = await once(child, 'close');
  const { numPassedTests = 0, numFailedTests = 0 } = existsSync(report)
    ? JSON.parse(readFileSync(report, 'utf8'))
    : {};
  rmSync(folder, { recursive: true });
  return {
    isGreen: status === 0 && numPassedTests > 0,
    told: output.split('\n').flatMap((line) => /^soak: (.*) \(SOAK_SEED=/.exec(line)?.[1] ?? []),
    untried: output.split('\n').filter((line) => line.includes('not tried')),
    tests: `${numPassedTests} tests passed${numFailedTests > 0 ? `, ${numFailedTests} failed` : ''}`,
  };
}

let overload;

/** The rows of bench/overload.md, measured once for all lines: of which line, what must hold, measured, whether it holds. */
function measureOverload() {
  return (overload ??= (async () => {
    rmSync(OVERLOAD, { force: true });
    const child = spawn(process.execPath, ['bench/start.mjs', '--overload'], { stdio: 'inherit' });
    await once(child, 'close');
    if (!existsSync(OVERLOAD)) return [];
    const rows = readFileSync(OVERLOAD, 'utf8').matchAll(
      /^\| (R\d+) +\| (.+?) +\| (.+?) +\| (yes|\*\*no\*\*) +\|$/gm,
    );
    return [...rows].map(([, id, what, measured, holds]) => ({ id, what, measured, holds: holds === 'yes' }));
  })());
}

/** @returns what was tried and lost, and whether the line holds */
async function judge({ id, files, name, isInOverload, missing }, minutes) {
  const tested = files.length > 0 ? await run({ files, name }, minutes) : undefined;
  const measured = isInOverload ? (await measureOverload()).filter((row) => row.id === id) : [];
  const tried = [
    ...(tested ? [...tested.told, tested.tests, ...tested.untried] : []),
    ...measured.map((row) => `${row.what}: ${row.measured}${row.holds ? '' : ' **(no)**'}`),
    ...(isInOverload && measured.length === 0 ? ['not tried: the bench failed'] : []),
    ...(missing ? [`not tried: ${missing}`] : []),
  ];
  const isMeasured = !isInOverload || (measured.length > 0 && measured.every(({ holds }) => holds));
  const isTested = !tested || (tested.isGreen && tested.untried.length === 0);
  return { tried: tried.join('; '), holds: isTested && isMeasured && !missing };
}

/** The rows of lines that are not run this time. */
function rowsOf(document) {
  return new Map([...document.matchAll(/^\| (R\d+) .*$/gm)].map(([row, id]) => [id, row]));
}

requireNode();
const { words, options } = argumentsOf('scorecard');
const unknown = words.filter((word) => !LINES.some(({ id }) => id === word));
if (unknown.length > 0) {
  process.stderr.write(
    `There is no line ${unknown[0]}: write one of ${LINES.map(({ id }) => id).join(' ')}.\n`,
  );
  process.exit(64);
}
const chosen = LINES.filter(({ id }) => words.length === 0 || words.includes(id));
const rows = rowsOf(existsSync(DOCUMENT) ? readFileSync(DOCUMENT, 'utf8') : '');
const short = [];
for (const line of chosen) {
  process.stdout.write(`\n══ ${line.id} ${line.what}\n`);
  const { tried, holds } = await judge(line, options.minutes);
  process.stdout.write(`${line.id} ${holds ? 'holds' : 'FALLS SHORT'}: ${tried}\n`);
  if (!holds) short.push(line.id);
  const day = new Date().toISOString().slice(0, 10);
  const cells = [line.id, line.what, tried.replaceAll('|', '\\|'), holds ? 'yes' : '**no**', day];
  rows.set(line.id, `| ${cells.join(' | ')} |`);
}
const table = LINES.map(({ id, what }) => rows.get(id) ?? `| ${id} | ${what} | not run yet | – | |`);
const text = `# Scorecard

What the product promises when everything else breaks, and what came of trying. \`npm run scorecard\` writes this page; \`npm run scorecard -- R6 R18\` tries these lines only and leaves the others as they were. A line that no test proves in full says what is not tried, and counts as short. What requests cost is in [results](../bench/results.md) and [growth](../bench/growth.md), by \`npm run bench\`.

| Line | Promise | Tried and lost | Holds | Last tried |
| --- | --- | --- | --- | --- |
${table.join('\n')}
`;
await writeMarkdown(DOCUMENT, text);
process.stdout.write(
  `\n${chosen.length - short.length} of ${chosen.length} lines hold. ${DOCUMENT} tells.\n`,
);
if (short.length > 0) process.stdout.write(`Short: ${short.join(' ')}\n`);
process.exit(short.length > 0 ? 1 : 0);
