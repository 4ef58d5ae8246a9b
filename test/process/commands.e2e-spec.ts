import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';

const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
const PATH = [resolve('node_modules/.bin'), process.env['PATH']].join(delimiter);

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** As npm runs it, with words behind its `--`. */
async function run(name: string, words: string): Promise<Ended> {
  const { NODE_OPTIONS: _, ...outside } = process.env;
  const env = { ...outside, PATH, npm_lifecycle_event: name };
  const command = ['-c', `${scripts[name]} ${words}`];
  try {
    return {
      code: 0,
      ...(await promisify(execFile)('sh', command, { env, timeout: 20_000 })),
    };
  } catch (error) {
    return error as Ended & Error;
  }
}

const calledAs = (name: string) => (['start', 'test'].includes(name) ? `npm ${name}` : `npm run ${name}`);

describe.each(Object.keys(scripts))('npm run %s', (name) => {
  it('says with --help what it does, what it takes, and an example, and does nothing else', async () => {
    const { code, stdout, stderr } = await run(name, '--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [usage = '', does = ''] = stdout.split('\n\n');
    expect(usage.split(' -- ')[0]).toBe(calledAs(name));
    expect(does).toMatch(/^[A-Z].*\.$/);
    expect(stdout).toMatch(/\n {2}--help +show this\n\nExample: \S.*\n$/);
  });

  it.each(['--nonsense', '--help-me=now', '-x', '--no-build'])('refuses %s with a sentence', async (word) => {
    const { code, stdout, stderr } = await run(name, word);
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr).toContain(`'${word.split('=')[0]}'`);
    expect(stderr).toMatch(new RegExp(`^.*\\. \`${calledAs(name)} -- --help\` says what it takes\\.\n$`));
  });
});

it.each(['Müller', '"a <b>"', "'  '", 'x'.repeat(25)])(
  'npm run product refuses the name %s',
  async (name) => {
    expect(await run('product', name)).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^'.*' cannot be the name: take 1 to 24 letters of ASCII/),
    });
  },
);

it.each([
  ['openapi', 'there'],
  ['start', 'production'],
  ['migrate', 'up down'],
  ['bench', 'quick'],
])('npm run %s refuses the word %s', async (name, words) => {
  const word = words.split(' ').at(-1);
  expect(await run(name, words)).toMatchObject({
    code: 64,
    stderr: expect.stringMatching(`^Unknown argument '${word}'\\.`),
  });
});

it.each(['feature', 'field', 'route', 'executor', 'state'])(
  'npm run %s refuses to do without its words',
  async (name) => {
    expect(await run(name, '')).toMatchObject({
      code: 64,
      stderr: expect.stringMatching(/^Something is missing\./),
    });
  },
);

it.each([
  ['feature', 'tickets dueAt --remove', 'a field of it goes by npm run field -- tickets dueAt --remove'],
  ['feature', 'tickets --remove --add=trash', '--remove goes without --add'],
  ['feature', 'tickets --drop', '--drop goes with --remove'],
  ['field', 'tickets dueAt --force', '--force goes with --remove'],
  ['field', 'tickets dueAt:payBy --rename --drop', '--drop goes with --remove'],
  ['field', 'tickets dueAt:payBy --rename --remove', '--remove goes without --rename'],
])('npm run %s refuses %s', async (name, words, sentence) => {
  expect(await run(name, words)).toMatchObject({ code: 64, stderr: expect.stringContaining(sentence) });
});

it('npm run feature refuses what is added twice', async () => {
  expect(await run('feature', 'tickets subject:string --add=audit,webhooks --add=audit')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('--add has audit twice'),
  });
});

it('npm run lint says what formats a file', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'product-lint-'));
  const file = join(folder, 'odd.json');
  await writeFile(file, '{"a":   1}');
  expect(await run('lint', file)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('`npm run format` formats these files.\n'),
  });
  await rm(folder, { recursive: true });
});
