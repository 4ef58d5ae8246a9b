/**
 * `node bench/tracing.mjs`, after `npm run build`: the cost of traces to the server, with and without them, in turn. Given
 * the main.js of another build, it measures that as well, to show the cost of `traced` calls when traces are off.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedMongo } from '../dist/embedded-mongo/embedded-mongo.js';
import { measure, routesOf, warmUp } from './load.mjs';
import { median } from './report.mjs';
import { rssMiB, startServer } from './servers.mjs';
import { createWorld, environmentFor } from './world.mjs';

const SLICES = 15;
const AMOUNTS = { get: 3000, create: 2000, refused: 3000 };
const PORT = 3900;

/** A stand-in for a collector: another process, which accepts everything. */
async function sink() {
  const server = createServer((request, response) => {
    request
      .resume()
      .on('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.send?.(server.address().port);
}

async function main() {
  const collector = fork(import.meta.filename, ['sink']);
  const [port] = await once(collector, 'message');
  const traced = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` };
  const tenth = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.1' };
  const own = join(import.meta.dirname, '../dist/main.js');
  const [other] = process.argv.slice(2);
  const variants = [
    ...(other ? [{ name: 'the other build', args: [other], env: {} }] : []),
    { name: 'unset', args: [own], env: {} },
    { name: '10 %', args: [own], env: { ...traced, ...tenth } },
    { name: 'all', args: [own], env: traced },
  ];
  const folder = mkdtempSync(join(tmpdir(), 'product-tracing-'));
  const mongo = await startEmbeddedMongo({
    dataDir: folder,
    binary: process.env.MONGOD_BINARY,
    env: process.env,
    log: process.stderr,
  });
  const uri = mongo.uri.replace(/\/[^/?]+\?/, '/bench?');
  const world = await createWorld(uri);
  const servers = [];
  try {
    for (const [index, { name, args, env }] of variants.entries()) {
      const all = { ...environmentFor(world, uri, PORT + index), ...env };
      const server = await startServer(args, { env: all, logFile: join(folder, `${index}.log`) });
      servers.push({ ...server, name, port: PORT + index });
    }
    process.stdout.write(
      `| Route | ${variants.map(({ name }) => `${name}, µs`).join(' | ')} | ÷ the first |\n`,
    );
    process.stdout.write(`| --- |${' ---: |'.repeat(variants.length + 1)}\n`);
    for (const [route, amount] of Object.entries(AMOUNTS)) {
      await world.reset();
      const definition = routesOf(world)[route];
      for (const server of servers) await warmUp(server, definition, amount);
      const micros = servers.map(() => []);
      for (let slice = 0; slice < SLICES; slice++) {
        for (let turn = 0; turn < servers.length; turn++) {
          const index = (turn + slice) % servers.length;
          micros[index].push((await measure(servers[index], definition, amount)).cpuMicros);
        }
      }
      const costs = micros.map((each) => median(each).toFixed(0));
      const ratios = micros.map((each) => median(each.map((value, at) => value / micros[0][at])).toFixed(3));
      process.stdout.write(`| ${route} | ${costs.join(' | ')} | ${ratios.slice(1).join(', ')} |\n`);
    }
    const memory = servers.map(({ name, pid }) => `${name} ${rssMiB(pid).toFixed(0)} MiB`);
    process.stdout.write(`\nResident memory afterwards: ${memory.join(', ')}\n`);
  } finally {
    for (const server of servers) await server.stop();
    collector.kill();
    await world.client.close();
    await mongo.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

await (process.argv[2] === 'sink' ? sink() : main());
