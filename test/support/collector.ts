import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { cacheFolder } from '../../src/embedded-mongo/mongod-binary.js';
import { pythonName } from '../../src/embedded-mongo/systems.js';
import { eventually } from './mails.js';
import { freePort } from './redis.js';

const VERSION = 'oteltap-1.0.0';

/** A span, as the collector has understood it. */
export interface CollectedSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** 2: an error. */
  readonly status: number;
}

interface ProtocolSpan extends Omit<CollectedSpan, 'attributes' | 'status'> {
  readonly attributes?: readonly {
    readonly key: string;
    readonly value: {
      readonly stringValue?: string;
      readonly intValue?: string;
      readonly doubleValue?: number;
      readonly boolValue?: boolean;
    };
  }[];
  readonly status?: { readonly code?: number };
}

/** A span as JSON of the OpenTelemetry protocol writes it. */
export function collected({ attributes = [], status, ...span }: ProtocolSpan): CollectedSpan {
  const read = attributes.map(({ key, value }) => [
    key,
    value.stringValue ?? value.boolValue ?? Number(value.intValue ?? value.doubleValue),
  ]);
  const { name, kind, traceId, spanId, parentSpanId = '' } = span;
  const fields = Object.fromEntries(read) as CollectedSpan['attributes'];
  return { name, kind, traceId, spanId, parentSpanId, attributes: fields, status: status?.code ?? 0 };
}

/** A receiver of the OpenTelemetry protocol that somebody else has written. */
export interface Collector {
  readonly endpoint: string;
  readonly spans: readonly CollectedSpan[];
  /** The spans of a trace, once one of that name has come. */
  trace(traceId: string, name: string): Promise<readonly CollectedSpan[]>;
  close(): Promise<void>;
}

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
    resolve('test/support/collector.txt'),
  ]);
  // Another test may have been quicker.
  await rename(folder, target).catch(() => rm(folder, { recursive: true }));
  return target;
}

export async function startCollector(): Promise<Collector> {
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
    trace: (traceId, name) =>
      eventually(() => {
        const found = spans.filter((span) => span.traceId === traceId);
        return found.some((span) => span.name === name) && found;
      }),
    async close() {
      if (server.exitCode !== null || server.signalCode !== null) return;
      server.kill('SIGKILL');
      await once(server, 'exit');
    },
  };
}
