import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PYTHON } from '../support/openapi-tools.js';
import { report, SEED, soaked } from '../support/soak.js';
import { HttpCaller } from './http-caller.js';
import { Installation, type ServerProcess } from './server-process.js';

const FOLDER = resolve('clients');
const TOOL = join(FOLDER, 'generated/schemathesis');
/** Requests to each operation, of each caller, that are drawn; those that the tool derives from the document are added. */
const EXAMPLES = soaked(150);
const ADMIN = { email: 'admin@example.com', password: 'correct horse battery' };

const run = promisify(execFile);

/** Runs the generator, and returns what it printed, whether it found something or not. */
async function generate(args: readonly string[]): Promise<string> {
  const options = { env: { PATH: process.env['PATH'], PYTHONPATH: TOOL }, maxBuffer: 2 ** 28 };
  try {
    return (await run(PYTHON, ['-m', 'schemathesis.cli', ...args], options)).stdout;
  } catch (error) {
    return String((error as { stdout?: string }).stdout ?? error);
  }
}

/** Mebibytes that a process holds. */
function memoryOf({ pid }: ServerProcess): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

describe('requests that somebody else generates from the document', () => {
  let installation: Installation;
  let server: ServerProcess;

  beforeAll(async () => {
    installation = await Installation.create();
    server = await installation.start({
      ADMIN_EMAIL: ADMIN.email,
      ADMIN_PASSWORD: ADMIN.password,
    });
    mkdirSync(TOOL, { recursive: true });
    const manners = ['--quiet', '--no-compile', '--disable-pip-version-check', '--no-input', '--upgrade'];
    await run(PYTHON, [
      '-m',
      'pip',
      'install',
      ...manners,
      '--target',
      TOOL,
      '-r',
      'clients/schemathesis.txt',
    ]);
    const document = await (await fetch(`${server.url}/docs/json`)).text();
    writeFileSync(join(TOOL, 'openapi.json'), document);
  }, 600_000);
  afterAll(() => installation.remove());

  it.each(['nobody', 'a user', 'an administrator'])(
    'of %s are answered as it says, and never with a 5xx',
    async (who) => {
      const anonymous = new HttpCaller(server.url);
      const caller =
        who === 'nobody'
          ? anonymous
          : await anonymous.signIn(...(who === 'a user' ? [] : Object.values(ADMIN)));
      const before = memoryOf(server);
      const output = await generate([
        'run',
        join(TOOL, 'openapi.json'),
        `--url=${server.url}`,
        '--checks=all',
        // Much that is well-formed is refused for what is stored, or for who asks; and of a path such as
        // /passkeys/options, which /passkeys/:id matches as well, Allow names the methods of both.
        '--exclude-checks=positive_data_acceptance,allow_header_conformance',
        `--max-examples=${EXAMPLES}`,
        `--seed=${SEED}`,
        '--continue-on-failure',
        '--no-color',
        ...Object.entries(caller.headers).map(([name, value]) => `--header=${name}: ${value}`),
      ]);
      const [, generated = '0', found = ''] = /(\d+) generated(?:, (.*))?/.exec(output) ?? [];
      report(`${who}: ${generated} generated requests, ${found}`);
      expect(Number(generated)).toBeGreaterThan(1_000);
      expect(output).not.toMatch(/unique failure|Errors? in|ERRORS/);
      expect((await anonymous.get('/health')).status).toBe(200);
      expect(memoryOf(server)).toBeLessThan(before * 1.3 + 50);
    },
    1_800_000,
  );
});
