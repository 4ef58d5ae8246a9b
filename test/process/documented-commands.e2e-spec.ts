import { execFile, spawn } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { HttpCaller } from './http-caller.js';
import { ServerProcess } from './server-process.js';

// Builds, installs and starts what a developer would.
jest.setTimeout(240_000);

const ADA = { email: 'ada@example.com', password: 'correct horse battery' };
const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...globSync('{docs/*,examples/*/README}.md'),
  'bench/README.md',
];
const SYSTEM = 'a tool of the system';
const GENERATED = 'test/process/generated-features.e2e-spec.ts';

/** Who runs each command: a test below, or a file that holds this text, or nobody for this reason. */
const ROWS: Readonly<Record<string, 'below' | { by: string; with: string } | { not: string }>> = {
  'npm install': { by: '.ci/run', with: 'npm install' },
  'npm test': { by: '.ci/run', with: 'npm test' },
  'npm install && npm start': 'below',
  'npm install && npm test': { by: '.ci/run', with: 'npm install' },
  'npm start': 'below',
  'npm run dev': 'below',
  'npm run build': 'below',
  'npm run configuration': 'below',
  'npm run openapi': 'below',
  'npm run mongo': 'below',
  'npm run format': 'below',
  'npm run bench': 'below',
  'npm run bench -- --quick': 'below',
  'npm run bench -- --growth': { not: 'takes 6 minutes and a million documents' },
  'npm run bench -- --overload': { not: 'takes 10 minutes and both processors' },
  'npm run bench -- --executions': { not: 'takes 10 minutes and both processors' },
  'node bench/audit.mjs': { not: 'takes 2 minutes, and measures nothing beside other tests' },
  'node bench/cache.mjs': { not: 'takes 10 s, and measures nothing beside other tests' },
  'node bench/passwords.mjs': { not: 'takes 3 minutes, and measures nothing beside other tests' },
  'node bench/tracing.mjs': { not: 'takes 5 minutes, and measures nothing beside other tests' },
  'npm run typecheck': { by: 'scripts/test.mjs', with: 'typecheck' },
  'npm run lint': { by: 'scripts/test.mjs', with: 'lint' },
  'npm run scorecard': { not: 'takes hours; its lines are the long forms of tests that run anyway' },
  'npm run scorecard -- R6 R18': { not: 'is the long form of tests that run anyway' },
  'npm run soak': { not: 'is the long form of tests that run anyway' },
  'npm test -- projects': { not: 'runs tests that run anyway' },
  'npm test -- helpdesk customers contracts tickets comments': {
    by: 'test/process/generated-commands.ts',
    with: "'helpdesk', 'tickets'",
  },
  'npm test -- invoices': {
    by: 'test/process/generated-commands.ts',
    with: 'copy.testTogether(patterns',
  },
  'npm run product': { by: 'test/process/fork.e2e-spec.ts', with: 'scripts/product.mjs' },
  'npm run feature': { by: GENERATED, with: "generate('feature'" },
  'npm run field': { by: GENERATED, with: "'field'" },
  'npx nest g feature invoices': { by: GENERATED, with: "'g'," },
  'npx nest g': { by: GENERATED, with: "'g'," },
  'npm run route': { by: GENERATED, with: 'newCommand(' },
  'npm run executor': { by: GENERATED, with: 'newExecutor(' },
  'npm run state': { by: GENERATED, with: "generate('state'" },
  'npm run migrate': { by: 'test/process/migrate.e2e-spec.ts', with: 'migrate(' },
  'npm run migrate -- status': { by: 'test/process/migrate.e2e-spec.ts', with: "'status'" },
  'node dist/migrate.js': { by: 'test/process/migrate.e2e-spec.ts', with: 'migrate(' },
  'node dist/migrate.js status': { by: 'test/process/migrate.e2e-spec.ts', with: "'status'" },
  'npm run keys:rotate': { by: 'test/process/rotate-keys.e2e-spec.ts', with: 'dist/rotate-keys.js' },
  'node dist/rotate-keys.js': { by: 'test/process/rotate-keys.e2e-spec.ts', with: 'dist/rotate-keys.js' },
  'node dist/main.js': { by: 'test/process/start.e2e-spec.ts', with: 'dist/main.js' },
  'npm run build && node scripts/screenshots.mjs': { not: 'replaces pictures; browser tests open the pages' },
  'node scripts/animation.mjs': { not: 'replaces a picture; browser tests open the pages' },
  'mkdir sbom && cp package.json package-lock.json .npmrc sbom && cd sbom': { not: SYSTEM },
  'npm pkg delete devDependencies optionalDependencies': { not: 'is a command of npm' },
  'npm install --ignore-scripts && npm sbom --sbom-format cyclonedx > ../sbom.json': {
    not: 'is a command of npm',
  },
  'npx license-checker-rseidelsohn --summary': {
    not: 'lists what test/process/image.e2e-spec.ts holds to a list',
  },
  'npm audit --omit=dev': { not: 'asks a service of the registry that not every registry has' },
  'tar czf backup.tgz .data': 'below',
  'mkdir restored && tar xzf backup.tgz -C restored': 'below',
  'DATA_DIR=restored/.data npm start': 'below',
};

/** The same for commands that begin in this way. */
const BEGINNINGS: typeof ROWS = {
  'npm run soak -- ': { not: 'is the long form of tests that run anyway' },
  'npm test -- test/': { not: 'runs tests that run anyway' },
  'npm run product -- ': { by: 'test/process/commands.e2e-spec.ts', with: "run('product', " },
  'npm run feature -- ': { by: GENERATED, with: 'number:string:required:unique:max=20' },
  'npm run field -- ': { by: GENERATED, with: 'currency:string:required:max=3:existing=EUR' },
  'npm run route -- ': { by: GENERATED, with: 'newCommand(' },
  'npm run executor -- ': { by: GENERATED, with: 'newExecutor(' },
  'npm run state -- ': { by: GENERATED, with: "generate('state'" },
  'node dist/main.js | grep ': { by: 'test/process/start.e2e-spec.ts', with: 'dist/main.js' },
  'docker ': { not: 'needs Docker; test/process/image.e2e-spec.ts does what the Dockerfile says' },
  'openssl ': { not: SYSTEM },
  'git ': { not: SYSTEM },
  'cd ': { not: SYSTEM },
  OPENAI_: { not: 'is a line of .env' },
  OAUTH_: { not: 'is a line of .env' },
  'PUBLIC_URL=': { not: 'is a line of .env' },
  'API=': 'below',
  'TOKEN=': 'below',
  'curl ': 'below',
};

/** The commands of the shell's blocks that a page holds, without comments. */
function blocksOf(path: string): string[][] {
  const blocks = readFileSync(path, 'utf8').matchAll(/^ *```sh\n(.*?)^ *```$/gms);
  return [...blocks].map(([, text = '']) =>
    text
      .replaceAll(/ \\\n */g, ' ')
      .split('\n')
      .map((line) => line.replace(/ +# .*$/, '').trim())
      .filter(Boolean),
  );
}

function commandsOf(path: string): string[] {
  const inline = readFileSync(path, 'utf8').matchAll(/`((?:npm|npx|node|docker) [\w/][^`\n]*)`/g);
  return [...blocksOf(path).flat(), ...[...inline].map(([, command = '']) => command.replace(/ …$/, ''))];
}

function rowOf(command: string) {
  const beginning = Object.keys(BEGINNINGS).find((text) => command.startsWith(text));
  return ROWS[command] ?? (beginning === undefined ? undefined : BEGINNINGS[beginning]);
}

describe('every command of the documentation', () => {
  const commands = [...new Set(PAGES.flatMap(commandsOf))];

  it('is run by a test, or listed with the reason why not', () => {
    expect(commands.length).toBeGreaterThan(30);
    expect(commands.filter((command) => rowOf(command) === undefined)).toEqual([]);
  });

  it('stands in the documentation still', () => {
    expect(Object.keys(ROWS).filter((command) => !commands.includes(command))).toEqual([]);
    const isUsed = (text: string) => commands.some((command) => command.startsWith(text));
    expect(Object.keys(BEGINNINGS).filter((text) => !isUsed(text))).toEqual([]);
  });

  it('is in the file that runs it', () => {
    const rows = [...Object.entries(ROWS), ...Object.entries(BEGINNINGS)];
    const wrong = rows.filter(
      ([, row]) =>
        typeof row === 'object' &&
        'by' in row &&
        !(existsSync(row.by) && readFileSync(row.by, 'utf8').includes(row.with)),
    );
    expect(wrong).toEqual([]);
  });
});

describe('in a fresh clone', () => {
  let folder: string;
  // As a terminal has it: npm adds the project's own programs, and finds its settings by the node that runs it.
  const PATH = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((path) => !/node_modules[/\\]\.bin$/.test(path))
    .join(delimiter);
  // npm may take its registry and proxy from the environment; what Jest and this run set is not for the commands.
  const own = /^(NODE_|TEST_|JEST_|npm_(lifecycle|package)_)/;
  const outside = Object.entries(process.env).filter(([name]) => !own.test(name));
  const env: NodeJS.ProcessEnv = { ...Object.fromEntries(outside), PATH, CI: 'true' };
  const servers: ServerProcess[] = [];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'product-clone-'));
    // Without what git ignores; dependencies are those that `npm install` has brought.
    const isMade = /(^|\/)(node_modules|dist|coverage|\.git|\.data|\.growth|\.env)$/;
    cpSync('.', folder, { recursive: true, filter: (path) => !isMade.test(relative('.', path)) });
    symlinkSync(resolve('node_modules'), join(folder, 'node_modules'));
  });
  afterAll(async () => {
    for (const server of servers) server.killGroup('SIGTERM');
    await Promise.all(servers.map(({ ended }) => ended));
    rmSync(folder, { recursive: true });
  });

  const run = (command: string) => promisify(execFile)('sh', ['-c', command], { cwd: folder, env });

  async function start(command: string): Promise<ServerProcess> {
    const child = spawn('sh', ['-c', command], {
      cwd: folder,
      env: { ...env, PORT: '0' },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const server = new ServerProcess(child);
    servers.push(server);
    await server.listening();
    return server;
  }

  async function stop(server: ServerProcess): Promise<void> {
    servers.splice(servers.indexOf(server), 1);
    server.killGroup('SIGTERM');
    await server.ended;
  }

  const has = (program: string) =>
    (process.env['PATH'] ?? '').split(delimiter).some((path) => existsSync(join(path, program)));

  it('`npm run build` builds', async () => {
    expect(await run('npm run build')).toMatchObject({ stderr: '' });
  });

  it('`npm start` serves what the README tries, and a backup of its folder is served again', async () => {
    const first = await start('npm start');
    const block = blocksOf('README.md').find(([line = '']) => line.startsWith('API=')) ?? [];
    if (has('curl')) {
      const { stdout } = await run(block.join('\n').replace('http://127.0.0.1:3002', first.url));
      expect(stdout.match(/"success":true/g)).toHaveLength(3);
      expect(stdout).toMatch(/"data":\[\{[^}]*"name":"Website relaunch"/);
    } else {
      await new HttpCaller(first.url).post('/api/v1/auth/register', ADA);
    }
    expect(await run('npm run --silent mongo')).toMatchObject({
      stdout: expect.stringMatching(/^mongodb:\/\/\S+\n$/),
    });
    await stop(first);

    await run('tar czf backup.tgz .data');
    await run('mkdir restored && tar xzf backup.tgz -C restored');
    const second = await start('DATA_DIR=restored/.data npm start');
    const { status } = await new HttpCaller(second.url).post('/api/v1/auth/login', ADA);
    expect(status).toBe(200);
    await stop(second);
  });

  it.each([
    ['npm run configuration', ['docs/configuration.md', '.env.example']],
    ['npm run format -- docs/security.md', ['docs/security.md']],
  ])('`%s` leaves %j as committed', async (command, files) => {
    await run(command);
    for (const file of files) {
      expect(readFileSync(join(folder, file), 'utf8')).toBe(readFileSync(file, 'utf8'));
    }
  });

  it('`npm run openapi` writes the document', async () => {
    await run('npm run openapi');
    expect(readFileSync(join(folder, 'openapi.json'), 'utf8')).toContain('"/api/v1/projects/{id}": {');
  });

  it('`npm run bench` compares the servers, here with a few requests each', async () => {
    const { stdout } = await run('npm run bench -- --smoke');
    expect(stdout).toMatch(/^\| live \| F \| /m);
    expect(readFileSync(join(folder, 'bench/results.md'))).toEqual(readFileSync('bench/results.md'));
  });

  it('`npm run dev` serves', async () => {
    const server = await start('npm run dev');
    expect((await fetch(`${server.url}/health/live`)).status).toBe(200);
    await stop(server);
  });
});
