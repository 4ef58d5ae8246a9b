import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { cacheFolder } from '../../src/embedded-mongo/mongod-binary.js';
import { pythonName } from '../../src/embedded-mongo/systems.js';
import { eventually } from './mails.js';
import {
  type CollectedSpan,
  collected,
  type Collector,
  type ProtocolSpan,
  traceOf,
} from './collected-spans.js';
import { startGoCollector } from './go-collector.js';
import { freePort } from './redis.js';
import { IS_SOAK } from './soak.js';

const VERSION = 'oteltap-1.0.0';

/** Fetches the program into the user's cache, unless it is there. */
async function install(): Promise<string> {
  const target = join(cacheFolder(process.env), `${VERSION}-${process.platform}-${process.arch}`);
  if (await stat(target).catch(() => undefined)) return target;
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(dirname(target), 'download-'));
  const pip = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--no-input',
    '--disable-pip-version-check',
    '--no-compile',
  ];
  const what = ['--require-hashes', '--only-binary=:all:', '--target', folder];
  await promisify(execFile)(pythonName(process.platform), [
    ...pip,
    ...what,
    '-r',
    resolve('test/support/collector/oteltap.txt'),
  ]);
  // Another test may have been quicker.
  await rename(folder, target).catch(() => rm(folder, { recursive: true }));
  return target;
}

/** The small one, or in a soak OpenTelemetry's own, which Go takes minutes to build. */
export function startCollector(): Promise<Collector> {
  return IS_SOAK ? startGoCollector() : startTap();
}

async function startTap(): Promise<Collector> {
  const [packages, port] = [await install(), await freePort()];
  const server = spawn(pythonName(process.platform), ['-u', '-m', 'oteltap', '--port', String(port)], {
    env: { ...process.env, PYTHONPATH: packages },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const spans: CollectedSpan[] = [];
  const lines = createInterface(server.stdout);
  lines.on('line', (line) => {
    if (line.startsWith('{')) spans.push(collected(JSON.parse(line) as ProtocolSpan));
  });
  await once(lines, 'line');
  return {
    endpoint: `http://127.0.0.1:${port}`,
    spans,
    trace: (traceId, name) => eventually(() => traceOf(spans, traceId, name)),
    async close() {
      if (server.exitCode !== null || server.signalCode !== null) return;
      server.kill('SIGKILL');
      await once(server, 'exit');
    },
  };
}
