/**
 * `node bench/audit.mjs`, after `npm run build`: what the audit costs a create, beside the same server without it, in
 * turn. `--smoke` only shows that it runs.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedMongo } from '../dist/embedded-mongo/embedded-mongo.js';
import { measure, routesOf, warmUp } from './load.mjs';
import { median } from './report.mjs';
import { cpuSeconds, startServer } from './servers.mjs';
import { createWorld, environmentFor } from './world.mjs';

const isSmoke = process.argv.includes('--smoke');
const SLICES = isSmoke ? 1 : 9;
const AMOUNT = isSmoke ? 50 : 1_500;
const PORT = 3900;

const main = join(import.meta.dirname, '../dist/main.js');
const VARIANTS = [
  { name: 'without', args: [main] },
  { name: 'with audit', args: ['--import', join(import.meta.dirname, 'audited.mjs'), main] },
];

const folder = mkdtempSync(join(tmpdir(), 'product-audit-'));
const { MONGOD_BINARY: binary } = process.env;
const mongo = await startEmbeddedMongo({ dataDir: folder, binary, env: process.env, log: process.stderr });
const uri = mongo.uri.replace(/\/[^/?]+\?/, '/bench?');
const world = await createWorld(uri);
const servers = [];
try {
  for (const [index, { name, args }] of VARIANTS.entries()) {
    const env = environmentFor(world, uri, PORT + index);
    const server = await startServer(args, { env, logFile: join(folder, `${index}.log`) });
    servers.push({ ...server, name, port: PORT + index });
  }
  const { create } = routesOf(world);
  for (const server of servers) await warmUp(server, create, AMOUNT);
  const before = await world.db.collection('audit').countDocuments();
  const slices = [];
  for (let slice = 0; slice < SLICES; slice++) {
    const taken = [];
    for (let turn = 0; turn < servers.length; turn++) {
      const index = (turn + slice) % servers.length;
      const [cpu, at] = [cpuSeconds(mongo.pid), performance.now()];
      const { cpuMicros } = await measure(servers[index], create, AMOUNT);
      const ms = performance.now() - at;
      taken[index] = { cpuMicros, mongod: ((cpuSeconds(mongo.pid) - cpu) * 1e6) / AMOUNT, ms };
    }
    slices.push(taken);
  }
  const written = (await world.db.collection('audit').countDocuments()) - before;
  if (written < SLICES * AMOUNT) throw new Error(`Only ${written} entries were written`);
  const line = (what, key) => {
    const [plain, audited] = [0, 1].map((index) => median(slices.map((taken) => taken[index][key])));
    const ratio = median(slices.map(([one, other]) => other[key] / one[key]));
    process.stdout.write(`| ${what} | ${plain.toFixed(0)} | ${audited.toFixed(0)} | ${ratio.toFixed(2)} |\n`);
  };
  process.stdout.write('| A create | without | with audit | ratio |\n| --- | ---: | ---: | ---: |\n');
  line('CPU of the server, µs', 'cpuMicros');
  line('CPU of mongod, µs', 'mongod');
  line(`time of ${AMOUNT} by 20 clients, ms`, 'ms');
  process.stdout.write(`\nLoad: ${loadavg()[0].toFixed(1)}\n`);
} finally {
  for (const server of servers) await server.stop();
  await world.client.close();
  await mongo.stop();
  rmSync(folder, { recursive: true, force: true });
}
