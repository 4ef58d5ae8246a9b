/** Executions over HTTP compared with creating a record, in one run: CPU, latency, and starting in a transaction. */
import { markdown, median } from '../report.mjs';
import { createWorld } from '../world.mjs';
import { costOf, create, followed, inTransaction, start, startChain, times, waited } from './client.mjs';

const FULL = { slices: 5, count: 1_000, burst: 2_000, sequence: 100, warm: 1_000 };
const SMOKE = { slices: 1, count: 10, burst: 20, sequence: 5, warm: 10 };
const EFFECTS = ['pure', 'repeatable', 'once'];
/** Of the CPU of a create. */
const BOUNDS = { pure: 2, repeatable: undefined, once: 4 };

const bound = (limit) => (limit === undefined ? '–' : `≤ ${limit}`);
const percentile = (values, share) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];

/** Lets variants take turns; returns the samples of each, slice by slice. */
async function inTurns(names, slices, measure) {
  const samples = Object.fromEntries(names.map((name) => [name, []]));
  for (let slice = 0; slice < slices; slice++) {
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(turn + slice) % names.length];
      samples[name].push(await measure(name));
    }
    process.stderr.write(`  slice ${slice + 1} of ${slices}\n`);
  }
  return samples;
}

const of = (samples, figure) => median(samples.map((each) => each[figure]));
const ratioOf = (samples, others, figure) =>
  median(samples.map((each, slice) => each[figure] / others[slice][figure])).toFixed(2);

async function measureCpu(place, sizes) {
  const acts = { create };
  for (const effect of EFFECTS) {
    acts[`${effect}: started`] = start({ effect });
    acts[`${effect}: started, its result in hand`] = waited({ effect });
    acts[`${effect}: started, and followed by SSE`] = followed({ effect });
  }
  for (const act of Object.values(acts)) await costOf(place, act, sizes.warm);
  const amountOf = (name) => (name.endsWith(': started') ? sizes.burst : sizes.count);
  const samples = await inTurns(Object.keys(acts), sizes.slices, (name) =>
    costOf(place, acts[name], amountOf(name)),
  );
  const rows = Object.entries(samples).map(([name, each]) => {
    const limit = name.includes('in hand') ? BOUNDS[name.split(':')[0]] : undefined;
    return [
      name,
      of(each, 'perSecond').toFixed(0),
      of(each, 'own').toFixed(0),
      of(each, 'database').toFixed(0),
      ratioOf(each, samples.create, 'own'),
      ratioOf(each, samples.create, 'both'),
      bound(limit),
    ];
  });
  const head = ['', 'a second', 'CPU, µs', 'of mongod, µs', '÷ create', 'with mongod ÷ create', 'bound'];
  return markdown({ head, rows });
}

async function measureLatency(place, sizes) {
  const acts = { 'two creates': async (...to) => void (await create(...to), await create(...to)) };
  for (const effect of EFFECTS) acts[effect] = waited({ effect });
  const samples = await inTurns(Object.keys(acts), sizes.slices, async (name) => {
    const all = await times(place, acts[name], sizes.sequence);
    return { p50: median(all), p95: percentile(all, 0.95) };
  });
  const rows = Object.entries(samples).map(([name, each]) => [
    name,
    of(each, 'p50').toFixed(1),
    of(each, 'p95').toFixed(1),
    ratioOf(each, samples['two creates'], 'p50'),
    bound(name === 'two creates' ? undefined : 2),
  ]);
  return markdown({ head: ['', 'p50, ms', 'p95, ms', '÷ two creates', 'bound'], rows });
}

async function measureStart(place, sizes) {
  const acts = {
    'both by hand': inTransaction('by-hand'),
    'a record and an execution': inTransaction('with-execution'),
  };
  for (const act of Object.values(acts)) await costOf(place, act, sizes.warm);
  const samples = await inTurns(Object.keys(acts), 2 * sizes.slices, (name) =>
    costOf(place, acts[name], sizes.count),
  );
  const hand = samples['both by hand'];
  const rows = Object.entries(samples).map(([name, each]) => [
    name,
    of(each, 'own').toFixed(0),
    of(each, 'database').toFixed(0),
    ratioOf(each, hand, 'own'),
    ratioOf(each, hand, 'both'),
    bound(each === hand ? undefined : 1.3),
  ]);
  const head = ['', 'CPU, µs', 'of mongod, µs', '÷ by hand', 'with mongod ÷ by hand', 'bound'];
  return markdown({ head, rows });
}

/** @returns the section of the report */
export async function measureHttp({ mongo, folder, smoke }) {
  process.stderr.write('Over HTTP\n');
  const sizes = smoke ? SMOKE : FULL;
  const uri = mongo.uri.replace(/\/[^/?]*\?/, '/bench_http?');
  const world = await createWorld(uri, 100);
  const server = await startChain(world, uri, folder);
  const place = { server, world, mongo };
  try {
    const [cpu, latency, starting] = [
      await measureCpu(place, sizes),
      await measureLatency(place, sizes),
      await measureStart(place, sizes),
    ];
    return `## Over HTTP

The product as \`npm start\` runs it in production, with an executor of three steps and a route that starts it. Medians of ${sizes.slices} slices in which the rows take turns; ratios are taken slice by slice. CPU is that of the operating system's accounting, until the last execution of the slice is over. ${sizes.burst} are started, and ${sizes.count} created, waited for and followed, 20 at a time. The result is asked for by \`?wait=\` where the answer to the start does not have it.

${cpu}

From the start of the request to its result in hand, one after the other, ${sizes.sequence} a slice:

${latency}

A request that writes two documents in a transaction. The execution is due a day later, so that it does not run:

${starting}
`;
  } finally {
    await server.stop();
    await world.db.dropDatabase();
    await world.client.close();
  }
}
