import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { appendFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { CONFIG_CLASSES } from '../../src/platform/config/config-classes.js';
import { parseConfig } from '../../src/platform/config/config.js';
import { variablesOf } from '../../src/platform/config/env.js';
import { addToBuild } from './lab-feature.js';
import { Installation } from './server-process.js';

// Processes are started and ended; a machine that is busy takes its time.
jest.setTimeout(60_000);

const ROOT = join(import.meta.dirname, '../..');
const FILES = ['docs/configuration.md', '.env.example'];
const SOURCES = globSync('src/{platform,modules}/*/*.config.ts', { cwd: ROOT });

/** The variables that the example shows, with their values; all of them are commented out. */
async function shown(): Promise<Record<string, string>> {
  const text = await readFile(join(ROOT, '.env.example'), 'utf8');
  return Object.fromEntries(
    [...text.matchAll(/^# ([A-Z\d_<>]+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
  );
}

describe('docs/configuration.md and .env.example', () => {
  let installation: Installation;

  beforeAll(async () => {
    installation = await Installation.create();
  });
  afterAll(() => installation.remove());

  /** The generator in a folder of its own, where a test may change what it reads. */
  async function generator() {
    for (const name of [...FILES, ...SOURCES, '.oxfmtrc.json']) {
      await mkdir(join(installation.folder, name, '..'), { recursive: true });
      await cp(join(ROOT, name), join(installation.folder, name));
    }
    return (...options: string[]) =>
      promisify(execFile)(process.execPath, ['scripts/configuration.mjs', ...options], {
        cwd: installation.folder,
      }).then(
        () => '',
        ({ stderr }: { stderr: string }) => stderr,
      );
  }

  it('are what `npm run configuration` makes of the classes in *.config.ts', async () => {
    const run = await generator();
    expect(await run('--check')).toBe('');
  });

  it.each(FILES)('are known to be out of date when %s is', async (file) => {
    const run = await generator();
    await appendFile(join(installation.folder, file), '\n');
    expect(await run('--check')).toBe(`${file} is out of date: run \`npm run configuration\`\n`);
    expect(await run()).toBe('');
    expect(await readFile(join(installation.folder, file), 'utf8')).toBe(
      await readFile(join(ROOT, file), 'utf8'),
    );
  });

  it('are known to be out of date when a comment has changed, and cannot be made without it', async () => {
    const run = await generator();
    const source = join(installation.folder, 'src/platform/http/http.config.ts');
    const text = await readFile(source, 'utf8');
    await writeFile(source, text.replace('/** TCP port of', '/** Changed port of'));
    expect(await run('--check')).toContain('docs/configuration.md is out of date');
    await writeFile(
      source,
      text.replace('/** TCP port of the HTTP server; 0 picks a free one and prints it. */', ''),
    );
    expect(await run()).toBe('PORT has no doc comment: write one above HttpConfig.port\n');
  });

  it("hold a feature's own variables, which are checked with all others and injected by their class", async () => {
    const run = await generator();
    const source = `import { Env } from '../../platform/config/env.js';
      import { integer } from '../../platform/config/kinds.js';
      export class LabConfig {
        /** How many copies are printed. They take paper. */
        @Env('LAB_COPIES', integer(1, 9), { default: 2 })
        readonly copies!: number;
      }`;
    const logs = `import { Logger, Module } from '@nestjs/common';
      import { LabConfig } from './lab.config.js';
      @Module({})
      export class LabModule {
        constructor(config: LabConfig) { new Logger('Lab').log({ copies: config.copies }); }
      }`;
    await mkdir(join(installation.folder, 'src/modules/lab'), { recursive: true });
    await writeFile(join(installation.folder, 'src/modules/lab/lab.config.ts'), source);
    await addToBuild(installation.folder, { 'lab.config': source, 'lab.module': logs });
    expect(await run()).toBe('');
    const [documentation, example] = await Promise.all(
      FILES.map((file) => readFile(join(installation.folder, file), 'utf8')),
    );
    expect(documentation).toMatch(
      /^\| `LAB_COPIES` \| `2` \| an integer from 1 to 9 \| How many copies are printed\. They take paper\. \|$/m,
    );
    expect(example).toContain('# How many copies are printed.\n# LAB_COPIES=2\n');
    const refused = await installation.run({ LAB_COPIES: '0', PORT: 'x' });
    expect(refused).toMatchObject({ code: 78, stdout: '' });
    expect(refused.stderr).toBe(
      'The configuration is not valid:\n' +
        '  PORT must be an integer from 0 to 65535\n  LAB_COPIES must be an integer from 1 to 9\n',
    );
    await writeFile(join(installation.folder, '.env'), 'LAB_COPIE=3');
    expect((await installation.run({})).stderr).toContain('LAB_COPIES');
    await writeFile(join(installation.folder, '.env'), 'LAB_COPIES=3');
    const server = installation.spawn([process.execPath, 'dist/main.js'], {
      MONGODB_URI: process.env['TEST_MONGODB_URI'],
    });
    await server.listening();
    server.kill('SIGTERM');
    expect((await server.ended).stdout).toContain('"copies":3');
  });
});

describe('.env.example', () => {
  it('shows every variable, and only those', async () => {
    expect(Object.keys(await shown())).toEqual(CONFIG_CLASSES.flatMap(variablesOf).map(({ name }) => name));
  });

  it('shows the defaults: setting all of them changes nothing', async () => {
    expect(parseConfig(await shown())).toEqual(parseConfig({}));
  });

  it('sets nothing, and development starts with it as .env', async () => {
    const text = await readFile(join(ROOT, '.env.example'), 'utf8');
    expect(text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([]);
    const installation = await Installation.create();
    await writeFile(join(installation.folder, '.env'), text);
    const server = await installation.start({});
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
    server.kill('SIGTERM');
    expect(await server.ended).toMatchObject({ code: 0 });
    await installation.remove();
  });
});
