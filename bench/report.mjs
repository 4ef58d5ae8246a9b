/** Turns measurements into tables and a picture. */
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { SERVERS } from './servers.mjs';

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A figure of a route in each round: the median of the round's slices. */
function byRound(samples, name, route, figure) {
  return samples[name][route].map((slices) => median(slices.map((slice) => slice[figure])));
}

/** A figure of F over that of another server, slice by slice; the median of each round, then theirs with its spread. */
function ratio(samples, other, route, figure = 'cpuMicros') {
  const theirs = samples[other]?.[route];
  const ours = samples.F?.[route];
  if (!theirs || !ours) return undefined;
  const ratios = ours.map((slices, round) =>
    median(slices.map((slice, index) => slice[figure] / theirs[round][index][figure])),
  );
  return { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) };
}

function tableOf(samples) {
  const names = Object.keys(samples);
  const routes = Object.keys(samples[names[0]]);
  const of = (name, route, figure) => median(byRound(samples, name, route, figure));
  const spread = (r) => (r ? `${r.median.toFixed(2)} (${r.least.toFixed(2)}–${r.most.toFixed(2)})` : '–');
  const costs = routes.map((route) => [
    route,
    ...names.map((name) => of(name, route, 'cpuMicros').toFixed(0)),
    ...['A', 'B', 'C'].map((other) => spread(ratio(samples, other, route))),
    // Latencies are whole milliseconds: shorter ones say nothing.
    samples.B && of('B', route, 'p99') >= 3 ? spread(ratio(samples, 'B', route, 'p99')) : '–',
  ]);
  const speeds = routes.flatMap((route) =>
    names.map((name) => [
      route,
      name,
      of(name, route, 'perSecond').toFixed(0),
      of(name, route, 'p50').toFixed(0),
      of(name, route, 'p99').toFixed(0),
      of(name, route, 'rss').toFixed(0),
    ]),
  );
  return {
    costs: {
      head: ['route', ...names.map((n) => `${n} µs`), 'F ÷ A', 'F ÷ B', 'F ÷ C', 'p99 F ÷ B'],
      rows: costs,
    },
    speeds: { head: ['route', 'server', 'req/s', 'p50 ms', 'p99 ms', 'RSS MiB'], rows: speeds },
  };
}

/** A table in Markdown. */
export function markdown({ head, rows }) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

export function printTable(samples) {
  const { costs, speeds } = tableOf(samples);
  process.stdout.write(`\n${markdown(costs)}\n\n${markdown(speeds)}\n`);
}

const COLOURS = { A: '#94a3b8', B: '#64748b', C: '#f59e0b', F: '#2563eb' };

/** Bars of CPU per request: one group for each route, one bar for each server. */
function chart(samples) {
  const names = Object.keys(samples);
  const routes = Object.keys(samples[names[0]]);
  const cost = (name, route) => median(byRound(samples, name, route, 'cpuMicros'));
  const most = Math.max(...names.flatMap((name) => routes.map((route) => cost(name, route))));
  const [left, top, group, bar, height] = [20, 80, 150, 30, 220];
  const bars = routes.flatMap((route, g) =>
    names.map((name, b) => {
      const size = (cost(name, route) / most) * height;
      const x = left + g * group + b * bar;
      const y = top + height - size;
      const label = `<text x="${x + bar / 2 - 2}" y="${y - 5}" font-size="10" text-anchor="middle">${cost(name, route).toFixed(0)}</text>`;
      return `<rect x="${x}" y="${y}" width="${bar - 4}" height="${size}" rx="2" fill="${COLOURS[name]}"/>${label}`;
    }),
  );
  const labels = routes.map(
    (route, g) =>
      `<text x="${left + g * group + 60}" y="${top + height + 20}" text-anchor="middle">${route}</text>`,
  );
  const legend = names.map((name, n) => {
    const x = left + n * 240;
    return `<rect x="${x}" y="14" width="12" height="12" rx="2" fill="${COLOURS[name]}"/><text x="${x + 18}" y="24">${SERVERS[name].about}</text>`;
  });
  const width = left + routes.length * group;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${top + height + 40}" font-family="system-ui, sans-serif" font-size="13" fill="#334155">`,
    `<title>Server CPU per request in microseconds</title>`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    ...legend,
    `<text x="${left}" y="50" font-size="12" fill="#64748b">Server CPU for each request, in microseconds: less is better</text>`,
    ...bars,
    ...labels,
    '</svg>\n',
  ].join('\n');
}

export function writeReport(samples, { rounds, slices, pinned, mongod }) {
  const { costs, speeds } = tableOf(samples);
  const about = Object.entries(SERVERS).map(([name, server]) => `- **${name}**: ${server.about}`);
  const [cpu] = cpus();
  const text = `# What a request costs

Server CPU per request in microseconds, from the operating system's accounting: the median of ${rounds} rounds,
each with servers started anew that take turns on one mongod, ${slices} slices a route. Ratios are taken slice by
slice: median of the rounds (least–most). Made by \`npm run bench\`.

${about.join('\n')}

Machine: ${cpus().length} × ${cpu?.model.trim()}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.versions.node},
mongod ${mongod}, ${pinned ? 'server bound to one processor, load and mongod to another' : 'not bound to processors'}.

${markdown(costs)}

${markdown(speeds)}
`;
  writeFileSync(join(import.meta.dirname, 'results.md'), text);
  writeFileSync(join(import.meta.dirname, '../docs/images/bench.svg'), chart(samples));
}
