/**
 * `npm run bench -- --overload`: how a server behaves under overload. An open loop on a separate processor sends reads
 * and writes at a half, 1, 2 and 4 times the capacity, then a spike; then follow slow clients alongside normal load, and
 * a greedy user alongside twenty quiet ones. Writes bench/overload.md.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbeddedMongo } from '../dist/embedded-mongo/embedded-mongo.js';
import { writeMarkdown } from '../scripts/write-markdown.mjs';
import {
  GREEDY_KINDS,
  mixOf,
  QUIET,
  QUIET_RATE,
  quietMix,
  SLOW,
  SLOW_KINDS,
  startSlowClients,
} from './overload-kinds.mjs';
import { markdown } from './report.mjs';
import { canPin, cpuSeconds, rssMiB, startServer } from './servers.mjs';
import { createWorld, environmentFor } from './world.mjs';

const PORT = 3950;
const GREEDY_CLIENTS = 100;

/** Binds this process, and processes that it starts later, to processors. */
function bind(processors) {
  if (canPin) execFileSync('taskset', ['-acp', processors, String(process.pid)], { stdio: 'ignore' });
}

function startGenerator() {
  bind('1');
  const generator = spawn(process.execPath, [join(import.meta.dirname, 'open-loop.mjs')], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  bind('0');
  return {
    pid: generator.pid,
    async run(plan) {
      generator.send(plan);
      const [result] = await once(generator, 'message');
      return result;
    },
    stop: () => generator.kill(),
  };
}

/** The targets, and whether the measurements meet them. */
function judge({ capacity, half, open, afterSpike, beside, quiet }) {
  const within = (value, most, text) => ({ holds: value <= most, text });
  const rows = [];
  const line = (id, what, { holds, text }) => rows.push([id, what, text, holds ? 'yes' : '**no**']);
  for (const [times, result] of Object.entries(open)) {
    const [share, slower, memory] = [
      result.ok / Math.min(capacity.ok, Number(times) * capacity.ok),
      result.p99 / half.p99,
      result.rss / half.rss,
    ];
    const at = `${times} × capacity`;
    line('R12', `${at}: successes ≥ 0.9 of it`, { holds: share >= 0.9, text: share.toFixed(2) });
    line('R12', `${at}: p99 ≤ 3 × that at half of it`, within(slower, 3, slower.toFixed(1)));
    line('R12', `${at}: the rest are OVERLOADED, with Retry-After`, {
      holds: result.others.length === 0 && result.without === 0,
      text: result.others.map(([code, count]) => `${count} × ${code}`).join(', ') || 'all',
    });
    line('R12', `${at}: /health/live ≤ 200 ms`, within(result.live, 200, `${result.live.toFixed(0)} ms`));
    line('R12', `${at}: memory ≤ 1.5 × that at half of it`, within(memory, 1.5, memory.toFixed(2)));
  }
  const after = afterSpike.p99 / half.p99;
  line('R12', '5 s after a spike p99 is what it was (≤ 1.5 ×)', within(after, 1.5, after.toFixed(2)));
  for (const [kind, { alone, together }] of Object.entries(beside)) {
    const kept = together.ok / alone.ok;
    line('R11', `beside ${SLOW} slow clients, ${kind}: ≥ 0.8 of the throughput`, {
      holds: kept >= 0.8,
      text: kept.toFixed(2),
    });
  }
  for (const [kind, { alone, together }] of Object.entries(quiet)) {
    const slower = together.p99 / alone.p99;
    line('R24', `${QUIET} quiet users beside somebody's ${kind}: p99 ≤ 2 × theirs alone, none refused`, {
      holds: slower <= 2 && together.refused === 0,
      text: `${slower.toFixed(1)}, ${together.refused} refused`,
    });
  }
  return rows;
}

async function write(tables, load) {
  const [{ model = 'unknown processor' } = {}] = cpus();
  const text = `# Overload

\`npm run bench -- --overload\` wrote this page: an open loop on a processor of its own; the server and mongod share another one. ${cpus().length} × ${model.trim()}, load of the machine before ${load.toFixed(1)}. ${new Date().toISOString().slice(0, 10)}.

${tables.map((table) => markdown(table)).join('\n\n')}
`;
  await writeMarkdown(join(import.meta.dirname, 'overload.md'), text);
}

export async function measureOverload({ seconds, writes }) {
  const [load] = loadavg();
  const folder = mkdtempSync(join(tmpdir(), 'product-overload-'));
  const generator = startGenerator();
  const { MONGOD_BINARY: binary } = process.env;
  const mongo = await startEmbeddedMongo({ dataDir: folder, binary, env: process.env, log: process.stderr });
  const uri = mongo.uri.replace(/\/[^/?]+\?/, '/bench?');
  const world = await createWorld(uri);
  const env = environmentFor(world, uri, PORT);
  const server = await startServer([join(import.meta.dirname, '../dist/main.js')], {
    env,
    logFile: join(folder, 'server.log'),
  });
  const plan = { port: PORT, mix: mixOf(world), seconds };
  const rows = [];

  async function measure(label, options) {
    const pids = [server.pid, mongo.pid, generator.pid];
    const before = pids.map(cpuSeconds);
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, rssMiB(server.pid))), 100);
    const result = await generator.run({ ...plan, ...options });
    clearInterval(watch);
    const share = pids.map((pid, index) => (cpuSeconds(pid) - before[index]) / (options.seconds ?? seconds));
    const shed = result.outcomes['OVERLOADED'] ?? 0;
    const others = Object.entries(result.outcomes).filter(([code]) => !/^2|OVERLOADED/.test(code));
    rows.push([
      label,
      result.sent.toFixed(0),
      result.ok.toFixed(0),
      shed,
      others.map(([code, count]) => `${count} × ${code}`).join(', ') || '–',
      `${result.p50.toFixed(1)} / ${result.p99.toFixed(1)}`,
      result.live.toFixed(0),
      most.toFixed(0),
      share.map((each) => each.toFixed(2)).join(' / '),
    ]);
    process.stderr.write(`  ${rows.at(-1).join(' | ')}\n`);
    const refused = Object.entries(result.outcomes).filter(([code]) => !code.startsWith('2'));
    return {
      ...result,
      rss: most,
      others,
      refused: refused.reduce((sum, [, count]) => sum + count, 0),
    };
  }

  async function measureSlow() {
    const measured = {};
    const slow = await world.join('slow', 1000);
    for (const [name, kind] of Object.entries(SLOW_KINDS)) {
      const alone = await measure('24 clients alone', { clients: 24 });
      const stop = startSlowClients(PORT, kind, slow);
      await sleep(1000);
      const together = await measure(`24 clients beside ${SLOW} slow ones: ${name}`, { clients: 24 });
      measured[name] = { alone, together };
      stop();
      await sleep(1000);
    }
    return measured;
  }

  async function measureQuiet() {
    const options = { mix: await quietMix(world), rate: QUIET * QUIET_RATE, seconds: Math.min(seconds, 30) };
    const greedy = startGenerator();
    const measured = {};
    try {
      for (const [name, kind] of Object.entries(GREEDY_KINDS)) {
        const alone = await measure(`${QUIET} quiet users alone`, options);
        const mix = [{ weight: 1, ...kind(world) }];
        const taken = greedy.run({ ...plan, mix, clients: GREEDY_CLIENTS, seconds: options.seconds + 2 });
        await sleep(1000);
        const together = await measure(`${QUIET} quiet users beside somebody's ${name}`, options);
        const { ok, outcomes } = await taken;
        process.stderr.write(
          `    who asked for them: ${ok.toFixed(0)} a second; ${JSON.stringify(outcomes)}\n`,
        );
        measured[name] = { alone, together };
        await sleep(2000);
      }
    } finally {
      greedy.stop();
    }
    return measured;
  }

  try {
    await generator.run({ ...plan, clients: 16, seconds: 4 });
    const capacity = await measure('capacity: 24 clients that wait', { clients: 24 });
    const half = await measure('0.5 × capacity', { rate: capacity.ok / 2 });
    const open = {};
    for (const times of [1, 2, 4])
      open[times] = await measure(`${times} × capacity`, { rate: times * capacity.ok });
    await measure('spike: 4 × capacity', { rate: 4 * capacity.ok, seconds: 10 });
    const atOnce = { rate: capacity.ok / 2, seconds: 5 };
    await measure('half of it, at once after the spike', atOnce);
    const afterSpike = await measure('half of it, 5 s after the spike', atOnce);
    const beside = await measureSlow();
    const quiet = await measureQuiet();
    const head = [
      'load',
      'sent/s',
      '2xx/s',
      'shed',
      'others',
      'p50 / p99 ms',
      'live ms',
      'RSS',
      'CPU: server / mongod / load',
    ];
    const verdicts = {
      head: ['line', 'must hold', 'measured', 'holds'],
      rows: judge({ capacity, half, open, afterSpike, beside, quiet }),
    };
    process.stdout.write(`\n${markdown({ head, rows })}\n\n${markdown(verdicts)}\n`);
    if (writes) await write([verdicts, { head, rows }], load);
  } finally {
    generator.stop();
    await server.stop();
    await world.client.close();
    await mongo.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
