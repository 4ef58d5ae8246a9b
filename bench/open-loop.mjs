/**
 * A separate process that sends requests at the times of a plan, whether or not earlier ones have been answered, so that
 * a queue at the server shows as latency, which counts from when a request was due. It uses raw sockets, because an HTTP
 * client would need a processor to itself. `overload.mjs` forks it and sends it one plan at a time.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Several loopback addresses, because each may have only 1,000 connections. */
const ADDRESSES = Array.from({ length: 8 }, (_, index) => `127.0.0.${index + 2}`);
const MOST_CONNECTIONS = 6_000;
const PROBE_EVERY_MS = 50;
/** How long to wait for responses after the last request. */
const PATIENCE_MS = 5_000;

let created = 0;

function bytesOf({ method, path, headers = {}, body, text = '' }) {
  const content =
    body === undefined ? text : JSON.stringify(body).replace('{n}', `${process.pid}-${++created}`);
  const lines = Object.entries({
    host: 'bench',
    ...headers,
    ...(content && { 'content-length': Buffer.byteLength(content) }),
  });
  return `${method} ${path} HTTP/1.1\r\n${lines.map((line) => line.join(': ')).join('\r\n')}\r\n\r\n${content}`;
}

/** One connection, with one request at a time. */
class Line {
  pending;
  head = '';
  missing = -1;

  constructor(port, localAddress, onFree) {
    this.onFree = onFree;
    this.socket = connect({ port, host: '127.0.0.1', localAddress, noDelay: true });
    this.socket.on('data', (chunk) => this.take(chunk.toString('latin1')));
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.isClosed = true;
      this.settle('connection closed');
    });
  }

  send(request, settle) {
    this.pending = settle;
    this.socket.write(bytesOf(request), 'latin1');
  }

  take(text) {
    if (this.missing === -1) {
      this.head += text;
      const end = this.head.indexOf('\r\n\r\n');
      if (end === -1) return;
      const length = Number(/\r\ncontent-length: (\d+)/i.exec(this.head)?.[1] ?? 0);
      this.missing = length - (this.head.length - end - 4);
    } else this.missing -= text.length;
    if (this.missing > 0) return;
    const { head } = this;
    this.head = '';
    this.missing = -1;
    const code = head[9] === '2' ? undefined : /"code":"(\w+)"/.exec(head)?.[1];
    this.settle(code ?? head.slice(9, 12), /\r\nretry-after: /i.test(head));
    if (!/\r\nconnection: close/i.test(head) && !this.isClosed) this.onFree(this);
    else this.socket.destroy();
  }

  settle(outcome, saysWhen) {
    const { pending } = this;
    this.pending = undefined;
    pending?.(outcome, saysWhen);
  }

  close() {
    this.pending = undefined;
    this.socket.destroy();
  }
}

function percentile(values, share) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;
}

/** Runs one plan and returns the results. `clients` of a closed loop send as soon as they get a response. */
async function run({ port, rate, clients, seconds, mix }) {
  const free = [];
  const lines = new Set();
  const backlog = [];
  const outcomes = {};
  const latencies = [];
  const count = { sent: 0, without: 0, underWay: 0 };
  const total = mix.reduce((sum, { weight }) => sum + weight, 0);
  const pick = () => {
    let at = Math.random() * total;
    return mix.find(({ weight }) => (at -= weight) < 0) ?? mix[0];
  };
  const dispatch = (line, { request, due }) => {
    line.send(request, (outcome, saysWhen) => {
      count.underWay -= 1;
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      if (outcome[0] === '2') latencies.push(performance.now() - due);
      else if (!saysWhen) count.without += 1;
      if (clients && performance.now() < end) send(performance.now());
    });
  };
  const onFree = (line) => {
    const next = backlog.shift();
    if (next) dispatch(line, next);
    else free.push(line);
  };
  const open = () => {
    const line = new Line(port, ADDRESSES[lines.size % ADDRESSES.length], onFree);
    lines.add(line);
    line.socket.on('close', () => lines.delete(line));
    return line;
  };
  function send(due) {
    const { paths, ...rest } = pick();
    const request = paths ? { ...rest, path: paths[Math.floor(Math.random() * paths.length)] } : rest;
    count.sent += 1;
    count.underWay += 1;
    let line = free.pop();
    while (line?.isClosed) line = free.pop();
    if (line) dispatch(line, { request, due });
    else if (lines.size < MOST_CONNECTIONS) dispatch(open(), { request, due });
    else backlog.push({ request, due });
  }
  // Opened in advance: a thousand new connections at once would be a different kind of load.
  for (let each = 0; each < Math.min(1_000, rate ?? 0); each++) {
    const line = open();
    await once(line.socket, 'connect');
    free.push(line);
  }
  const probes = [];
  const start = performance.now();
  const end = start + seconds * 1000;
  const probe = (async () => {
    let line;
    while (performance.now() < end) {
      if (!line || line.isClosed) line = new Line(port, '127.0.0.1', () => undefined);
      const asked = performance.now();
      const outcome = await new Promise((settle) =>
        line.send({ method: 'GET', path: '/health/live' }, settle),
      );
      probes.push(outcome === '200' ? performance.now() - asked : Infinity);
      await sleep(PROBE_EVERY_MS);
    }
    line?.close();
  })();
  if (clients) for (let each = 0; each < clients; each++) send(performance.now());
  for (let due = clients ? end : start; due < end;) {
    while (due <= performance.now() && due < end) {
      send(due);
      due -= (Math.log(1 - Math.random()) * 1000) / rate;
    }
    await sleep(1);
  }
  await sleep(Math.max(0, end - performance.now()));
  const giveUp = performance.now() + PATIENCE_MS;
  while (count.underWay > 0 && performance.now() < giveUp) await sleep(20);
  await Promise.race([probe, sleep(PATIENCE_MS)]);
  const tookS = clients ? (performance.now() - start) / 1000 : seconds;
  for (const line of lines) line.close();
  if (count.underWay > 0) outcomes['no answer'] = count.underWay;
  return {
    sent: count.sent / tookS,
    ok: latencies.length / tookS,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    live: Math.max(0, ...probes.map((ms) => (ms === Infinity ? PATIENCE_MS : ms))),
    outcomes,
    without: count.without,
  };
}

process.once('disconnect', () => process.exit());
process.on('message', async (plan) => process.send(await run(plan)));
