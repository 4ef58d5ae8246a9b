import { exec } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';

const FOLDER = resolve('clients');
const GENERATED = join(FOLDER, 'generated');
const STAMP = join(GENERATED, 'installed');

export const PYTHON = process.platform === 'win32' ? 'python' : 'python3';

const paths = ['node_modules/.bin', 'python/bin'].map((path) => join(FOLDER, path));

/** Runs a command line in the folder of the tools and resolves to what it wrote; rejects with it when it fails. */
export function runTool(line: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const PATH = [...paths, dirname(process.execPath), process.env['PATH']].join(delimiter);
  // What Jest and npm need is not for them.
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  const options = { cwd: FOLDER, env: { ...inherited, PATH, PYTHONPATH: join(FOLDER, 'python'), ...env } };
  return new Promise((done, fail) => {
    exec(line, options, (error, stdout, stderr) => {
      if (error) fail(new Error(`${line}\n${stdout}\n${stderr}`));
      else done(stdout);
    });
  });
}

/** Installs the tools, unless those that are wanted are there. */
async function installTools(): Promise<void> {
  const wanted = createHash('sha256');
  for (const name of ['package-lock.json', 'requirements.txt'])
    wanted.update(readFileSync(join(FOLDER, name)));
  const digest = wanted.digest('hex');
  try {
    if (readFileSync(STAMP, 'utf8') === digest) return;
  } catch {
    // They were never installed.
  }
  rmSync(join(FOLDER, 'python'), { recursive: true, force: true });
  mkdirSync(GENERATED, { recursive: true });
  const manners = '--quiet --no-compile --disable-pip-version-check --no-warn-conflicts --no-input';
  await Promise.all([
    runTool('npm ci --no-progress'),
    runTool(`${PYTHON} -m pip install ${manners} --target python -r requirements.txt`, { TMPDIR: GENERATED }),
  ]);
  writeFileSync(STAMP, digest);
}

/** Gets the tools ready for a document, which they find at `generated/openapi.json`. */
export async function prepareTools(document: object): Promise<void> {
  await installTools();
  writeFileSync(join(GENERATED, 'openapi.json'), JSON.stringify(document));
}
