import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { cacheFolder } from '../../src/embedded-mongo/mongod-binary.js';
import {
  collected,
  type CollectedSpan,
  type Collector,
  type ProtocolSpan,
  traceOf,
} from './collected-spans.js';
import { eventually } from './mails.js';
import { freePort } from './redis.js';

const VERSION = 'v0.161.0';
const MODULES = [
  'go.opentelemetry.io/collector/otelcol',
  'go.opentelemetry.io/collector/receiver/otlpreceiver',
  'github.com/open-telemetry/opentelemetry-collector-contrib/exporter/fileexporter',
];

/** A line of the file exporter. */
interface Line {
  readonly resourceSpans?: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly ProtocolSpan[] }[];
  }[];
}

/** Builds OpenTelemetry's collector into the user's cache, unless it is there. */
async function build(): Promise<string> {
  const target = join(cacheFolder(process.env), `otelcol-${VERSION}-${process.platform}-${process.arch}`);
  if (await stat(target).catch(() => undefined)) return target;
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  const folder = await mkdtemp(join(dirname(target), 'download-'));
  const go = (...words: string[]) => promisify(execFile)('go', words, { cwd: folder });
  await cp(resolve('test/support/collector/main.go'), join(folder, 'main.go'));
  await go('mod', 'init', 'example.com/collector');
  await go('get', ...MODULES.map((module) => `${module}@${VERSION}`));
  await go('mod', 'tidy');
  await go('build', '-o', 'otelcol', '.');
  await rename(join(folder, 'otelcol'), target);
  await rm(folder, { recursive: true });
  return target;
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const isThere = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return isThere;
}

/** OpenTelemetry's collector, which writes what it receives to a file. */
export async function startGoCollector(): Promise<Collector> {
  const [program, port, folder] = [
    await build(),
    await freePort(),
    await mkdtemp(join(tmpdir(), 'product-otelcol-')),
  ];
  const file = join(folder, 'traces.jsonl');
  const config = {
    receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
    exporters: { file: { path: file, flush_interval: '20ms' } },
    service: {
      telemetry: { metrics: { level: 'none' }, logs: { level: 'error' } },
      pipelines: { traces: { receivers: ['otlp'], exporters: ['file'] } },
    },
  };
  // JSON is YAML.
  await writeFile(join(folder, 'config.yaml'), JSON.stringify(config));
  const server = spawn(program, ['--config', `file:${join(folder, 'config.yaml')}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await eventually(() => answers(port), 30_000);
  const read = (): CollectedSpan[] => {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    // The last line may not be whole yet.
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .filter(Boolean)
      .flatMap((line) => (JSON.parse(line) as Line).resourceSpans ?? [])
      .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans.map(collected)));
  };
  return {
    endpoint: `http://127.0.0.1:${port}`,
    get spans() {
      return read();
    },
    trace: (traceId, name) => eventually(() => traceOf(read(), traceId, name)),
    async close() {
      if (server.exitCode === null && server.signalCode === null) {
        server.kill('SIGKILL');
        await once(server, 'exit');
      }
      await rm(folder, { recursive: true, force: true });
    },
  };
}
