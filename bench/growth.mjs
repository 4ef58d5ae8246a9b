/**
 * `npm run bench -- --growth`: whether the product stays as fast with many features, many documents, many
 * connections, and while people sign in. Writes bench/growth.md.
 */
import { execFileSync } from 'node:child_process';
import { Agent, request as send } from 'node:http';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import bcrypt from 'bcrypt';
import { startEmbeddedMongo } from '../dist/embedded-mongo/embedded-mongo.js';
import { writeMarkdown } from '../scripts/write-markdown.mjs';
import { measure, routesOf, warmUp } from './load.mjs';
import { markdown, median } from './report.mjs';
import { canPin, cpuSeconds, rssMiB, startServer } from './servers.mjs';
import { createWorld, environmentFor, migrate } from './world.mjs';

const top = join(import.meta.dirname, '..');
const SLICES = 15;
const PORT = 3900;
const folder = mkdtempSync(join(tmpdir(), 'product-growth-'));
/** Copies of the build with more features; next to the build, so that they find the same packages. */
const copies = join(top, '.growth');
const rows = [];

function note(what, figure, bound) {
  rows.push([what, figure, bound]);
  process.stderr.write(`  ${what}: ${figure}\n`);
}

let started = 0;
async function start(main, world, uri, { variables, ...options } = {}) {
  const port = PORT + (started++ % 50);
  const logFile = join(folder, `${started}.log`);
  const env = { ...environmentFor(world, uri, port), ...variables };
  const server = await startServer([main], { env, logFile, ...options });
  return { ...server, port };
}

/** Measures variants in turn; returns the median ratio of each to the first. */
async function compare(variants, amount) {
  for (const { server, route } of variants) await warmUp(server, route, amount);
  const micros = variants.map(() => []);
  const millis = variants.map(() => []);
  for (let slice = 0; slice < SLICES; slice++) {
    for (const [index, { server, route }] of variants.entries()) {
      const { cpuMicros, perSecond } = await measure(server, route, amount);
      micros[index].push(cpuMicros);
      millis[index].push(1000 / perSecond);
    }
  }
  const ratio = (lists, index) => median(lists[index].map((value, slice) => value / lists[0][slice]));
  return variants.map((_, index) => ({
    cpuRatio: ratio(micros, index),
    timeRatio: ratio(millis, index),
  }));
}

/** A copy of the build with so many copies of the model feature. */
function buildWith(features) {
  const target = join(copies, String(features));
  cpSync(join(top, 'dist'), target, { recursive: true });
  // The release number is next to the build.
  cpSync(join(top, 'package.json'), join(copies, 'package.json'));
  const source = join(target, 'modules/projects');
  const names = Array.from({ length: features - 1 }, (_, index) => `copy${index + 1}`);
  for (const name of names) {
    const rename = (text) =>
      text
        .replaceAll('project', name)
        .replaceAll('Project', name[0].toUpperCase() + name.slice(1))
        .replaceAll('PROJECT', name.toUpperCase());
    mkdirSync(join(target, `modules/${name}s`));
    for (const file of readdirSync(source).filter((entry) => entry.endsWith('.js'))) {
      writeFileSync(
        join(target, `modules/${name}s`, rename(file)),
        rename(readFileSync(join(source, file), 'utf8')),
      );
    }
  }
  const path = join(target, 'app.module.js');
  const title = (name) => `C${name.slice(1)}sModule`;
  const imports = names.map(
    (name) => `import { ${title(name)} } from './modules/${name}s/${name}s.module.js';`,
  );
  const text = readFileSync(path, 'utf8').replace(
    'ProjectsModule,',
    ['ProjectsModule', ...names.map(title)].map((name) => `${name},`).join(' '),
  );
  writeFileSync(path, `${imports.join('\n')}\n${text}`);
  return join(target, 'main.js');
}

async function measureFeatures(world, uri) {
  process.stderr.write('Features\n');
  const counts = [1, 10, 100];
  const mains = counts.map(buildWith);
  for (const main of mains) await migrate(dirname(main), world, uri);
  const ready = counts.map(() => []);
  const rss = counts.map(() => []);
  for (let round = 0; round < 5; round++) {
    for (const [index, main] of mains.entries()) {
      const server = await start(main, world, uri);
      await sleep(1500);
      ready[index].push(server.readyMs);
      rss[index].push(rssMiB(server.pid));
      await server.stop();
    }
  }
  const servers = [];
  for (const main of mains) servers.push(await start(main, world, uri));
  const variants = servers.map((server) => ({ server, route: routesOf(world).get }));
  const costs = await compare(variants, 4000);
  for (const server of servers) await server.stop();
  for (const [index, count] of counts.entries()) {
    const [ms, mib] = [median(ready[index]), median(rss[index])];
    const extra = (value, first) => ((value - first) / (count - 1)).toFixed(1);
    const each =
      count > 1
        ? `; ${extra(ms, median(ready[0]))} ms and ${extra(mib, median(rss[0]))} MiB for each more`
        : '';
    const label = `${count} feature${count > 1 ? 's' : ''}`;
    note(
      `${label}: start on an existing database, idle RSS`,
      `${ms.toFixed(0)} ms, ${mib.toFixed(0)} MiB${each}`,
      count === 1 ? '≤ 1500 ms, ≤ 130 MiB' : '–',
    );
    if (count > 1) note(`${label} ÷ 1: CPU of a get`, costs[index].cpuRatio.toFixed(2), '≤ 1.05');
  }
}

async function measureDocuments(small, smallUri, mongo) {
  process.stderr.write('Documents\n');
  const uri = mongo.uri.replace(/\/[^/?]+\?/, '/million?');
  const world = await createWorld(uri, 1_000_000, (done) =>
    process.stderr.write(
      `\r  ${(done / 1000).toFixed(0)} of 1000 thousand documents${done === 1_000_000 ? '\n' : ''}`,
    ),
  );
  const main = join(top, 'dist/main.js');
  const servers = [await start(main, small, smallUri), await start(main, world, uri)];
  const pages = await Promise.all(
    [small, world].map(async ({ token }, index) => {
      const offset = [500, 10_000][index];
      const headers = { authorization: `Bearer ${token}` };
      const url = `http://127.0.0.1:${servers[index].port}/api/v1/projects?limit=20&offset=${offset}`;
      const { pagination } = await (await fetch(url, { headers })).json();
      const path = `/api/v1/projects?limit=20&cursor=${pagination.nextCursor}`;
      return { status: 200, request: { method: 'GET', path, headers } };
    }),
  );
  const routes = {
    get: [small, world].map((each) => routesOf(each).get),
    'first page': [small, world].map((each) => routesOf(each).list),
    'page after a cursor': pages,
  };
  for (const [name, pair] of Object.entries(routes)) {
    const variants = servers.map((server, index) => ({ server, route: pair[index] }));
    const [, { cpuRatio, timeRatio }] = await compare(variants, 2000);
    note(
      `1,000,000 documents ÷ 1,000: ${name}, CPU and time`,
      `${cpuRatio.toFixed(2)}, ${timeRatio.toFixed(2)}`,
      '≤ 1.2',
    );
  }
  for (const server of servers) await server.stop();
  await world.db.dropDatabase();
  await world.client.close();
}

async function measureConnections(world, uri) {
  process.stderr.write('Connections\n');
  const servers = [
    await start(join(top, 'dist/main.js'), world, uri),
    await start(join(top, 'bench/servers/a-bare.mjs'), world, uri),
  ];
  const counts = [1, 10, 100, 1000];
  const amount = 12_000;
  const { get } = routesOf(world);
  const perSecond = servers.map(() => counts.map(() => []));
  /** Percentages that the product told to wait, as a machine does that cannot answer so many in time. */
  const shed = counts.map(() => []);
  for (const server of servers) await warmUp(server, get, 5000);
  for (let slice = 0; slice < 5; slice++) {
    for (const [index, connections] of counts.entries()) {
      for (const [which, server] of servers.entries()) {
        const route = { ...get, connections };
        const measured = await measure(server, route, amount, { mayShed: true });
        perSecond[which][index].push(measured.perSecond);
        if (which === 0) shed[index].push((100 * measured.shed) / amount);
      }
    }
  }
  for (const server of servers) await server.stop();
  const [shares, bare] = perSecond.map((lists) => {
    const best = Math.max(...lists.map(median));
    return lists.map((list) => (median(list) / best).toFixed(2));
  });
  for (const [index, count] of counts.entries()) {
    note(
      `${count} connection${count > 1 ? 's' : ''}: share of the best throughput (bare Fastify)`,
      `${shares[index]} (${bare[index]})${told(median(shed[index]))}`,
      count === 1000 ? '≥ 0.8' : '–',
    );
  }
}

function told(percentage) {
  return percentage > 0 ? `; ${percentage.toFixed(1)} % were told to wait` : '';
}

/** The cost of an idle server, in itself and in mongod. */
async function measureIdle(world, uri, mongo) {
  process.stderr.write('Idle\n');
  await world.client.close();
  const mains = { product: 'dist/main.js', 'bare Fastify': 'bench/servers/a-bare.mjs' };
  for (const [name, main] of Object.entries(mains)) {
    const server = await start(join(top, main), world, uri);
    // V8 keeps optimising and collecting garbage for a while after startup.
    await sleep(25_000);
    const pids = [server.pid, mongo.pid];
    const before = pids.map(cpuSeconds);
    await sleep(30_000);
    const [own, database] = pids.map((pid, index) => ((cpuSeconds(pid) - before[index]) * 1000) / 30);
    await server.stop();
    const bound = name === 'product' ? '≤ 5 ms, ≤ 5 ms' : '–';
    note(`idle, ${name}: CPU a second, mongod's`, `${own.toFixed(1)} ms, ${database.toFixed(1)} ms`, bound);
  }
}

/** Sends requests at a steady pace and returns the duration of each, in milliseconds. */
async function latencies(port, { path, headers }, seconds) {
  const agent = new Agent({ keepAlive: true, maxSockets: 50 });
  const times = [];
  const ask = () =>
    new Promise((resolve, reject) => {
      const begun = performance.now();
      send({ host: '127.0.0.1', port, path, headers, agent }, (answer) => {
        if (answer.statusCode !== 200) reject(new Error(`A request was answered with ${answer.statusCode}`));
        answer.resume().on('end', () => resolve(times.push(performance.now() - begun)));
      })
        .on('error', reject)
        .end();
    });
  const pending = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    pending.push(ask());
    await sleep(10);
  }
  await Promise.all(pending);
  agent.destroy();
  return times.toSorted((a, b) => a - b);
}

/** Uploads a file of 256 KiB and returns the request that downloads it. */
async function downloadOf(port, headers) {
  const form = new FormData();
  form.set('file', new Blob(['0123456789abcdef'.repeat(16 * 1024)], { type: 'text/plain' }), 'bench.txt');
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/files`, {
    method: 'POST',
    headers,
    body: form,
  });
  const { data } = await answer.json();
  if (answer.status !== 201) throw new Error(`An upload was answered with ${answer.status}`);
  return { path: `/api/v1/files/${data.id}/content`, headers };
}

async function measureSignIns(world, uri) {
  process.stderr.write('Signing in\n');
  const password = 'Correct-Horse-7';
  const passwordHash = await bcrypt.hash(password, 12);
  // Somebody else, whose oldest sessions end when there are too many.
  await world.join(1, 1);
  const email = 'bench-1@product.test';
  await world.db.collection('users').updateOne({ email }, { $set: { passwordHash } });
  const variables = { FILES_URL: pathToFileURL(join(folder, 'files')).href };
  // Not bound to one processor: the pool leaves one free for requests, so there must be two.
  const server = await start(join(top, 'dist/main.js'), world, uri, { pinned: false, variables });
  const { request } = routesOf(world).get;
  const download = await downloadOf(server.port, request.headers);
  let signedIn = 0;
  let refused = 0;
  const flood = { on: false };
  const signIn = async () => {
    while (flood.on) {
      const answer = await fetch(`http://127.0.0.1:${server.port}/api/v1/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email, password }),
      });
      await answer.text();
      if (answer.status === 200) signedIn += 1;
      else if (answer.status === 503) refused += 1;
      else throw new Error(`A sign-in was answered with ${answer.status}`);
      // Like a client that honours Retry-After: 1.
      if (answer.status === 503) await sleep(1000);
    }
  };
  const kinds = [
    { name: 'get', asked: request, idle: [], busy: [] },
    { name: 'download of 256 KiB', asked: download, idle: [], busy: [] },
  ];
  for (const { asked } of kinds) await latencies(server.port, asked, 3);
  for (let round = 0; round < 3; round++) {
    for (const { asked, idle } of kinds) idle.push(await latencies(server.port, asked, 6));
    flood.on = true;
    const people = Promise.all(Array.from({ length: 32 }, signIn));
    await sleep(500);
    for (const { asked, busy } of kinds) busy.push(await latencies(server.port, asked, 6));
    flood.on = false;
    await people;
  }
  await server.stop();
  const at = (runs, share) => median(runs.map((times) => times[Math.floor(times.length * share)]));
  const show = (runs) => `p50 ${at(runs, 0.5).toFixed(1)} ms, p99 ${at(runs, 0.99).toFixed(1)} ms`;
  for (const { name, idle, busy } of kinds) {
    note(`${name}, nobody signs in`, show(idle), '–');
    note(
      `${name}, while 32 sign in (${signedIn} did, ${refused} were told to wait)`,
      `${show(busy)}: p99 ÷ idle ${(at(busy, 0.99) / at(idle, 0.99)).toFixed(2)}`,
      '≤ 2',
    );
  }
}

if (canPin) execFileSync('taskset', ['-cp', '1', String(process.pid)], { stdio: 'ignore' });
const mongo = await startEmbeddedMongo({
  dataDir: folder,
  binary: process.env.MONGOD_BINARY,
  env: process.env,
  log: process.stderr,
});
const uri = mongo.uri.replace(/\/[^/?]+\?/, '/bench?');
const world = await createWorld(uri);
try {
  await measureFeatures(world, uri);
  await measureDocuments(world, uri, mongo);
  await measureConnections(world, uri);
  if (canPin)
    execFileSync('taskset', ['-acp', '0-' + (cpus().length - 1), String(process.pid)], { stdio: 'ignore' });
  await measureSignIns(world, uri);
  await measureIdle(world, uri, mongo);
  const table = markdown({ head: ['what', 'measured', 'bound'], rows });
  process.stdout.write(`\n${table}\n`);
  await writeMarkdown(
    join(import.meta.dirname, 'growth.md'),
    `# What growth costs\n\nMade by \`npm run bench -- --growth\` on ${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.versions.node}, mongod ${mongo.version}.\nRatios are medians of ${SLICES} slices in which the variants take turns.\n\n${table}\n`,
  );
} finally {
  await world.client.close();
  await mongo.stop();
  rmSync(folder, { recursive: true, force: true });
  rmSync(copies, { recursive: true, force: true });
}
