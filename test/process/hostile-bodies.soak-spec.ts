import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { report, soaked } from '../support/soak.js';
import { HttpCaller } from './http-caller.js';
import { Installation } from './server-process.js';

const PROJECTS = '/api/v1/projects';
/** How often each is sent. */
const TIMES = soaked(10);
/** The longest that it may hold up the event loop, in milliseconds. */
const MOST_MS = 100;

const repeated = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join();
const nested = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

/** Bodies of up to BODY_LIMIT that cost a parser or a validator much, and the statuses that they may be answered. */
const BODIES: Readonly<Record<string, readonly [body: string, statuses: readonly number[]]>> = {
  '80,000 keys': [`{${repeated(80_000, (n) => `"${n}":1`)}}`, [400]],
  '80,000 keys of metadata': [`{"name":"x","metadata":{${repeated(80_000, (n) => `"${n}":1`)}}}`, [400]],
  '3,000 levels': [nested(3_000), [400]],
  '3,000 levels of metadata': [`{"name":"x","metadata":${nested(3_000)}}`, [400]],
  'a text of almost 1 MiB': [`{"name":"${'x'.repeat(1_048_000)}"}`, [400]],
  'a text of 170,000 escapes': [`{"name":"${'\\u0041'.repeat(170_000)}"}`, [400]],
  '100,000 items': [`[${repeated(100_000, () => '1')}]`, [400]],
  '100,000 items of tags': [`{"name":"x","tags":[${repeated(100_000, () => '"a"')}]}`, [400]],
  '__proto__ before 80,000 keys': [`{"__proto__":{"x":1},${repeated(80_000, (n) => `"${n}":1`)}}`, [400]],
  '__proto__ behind 80,000 keys': [`{${repeated(80_000, (n) => `"${n}":1`)},"__proto__":{"x":1}}`, [400]],
  '150,000 lone surrogates': [`{"name":"${'\\ud800'.repeat(150_000)}"}`, [400]],
  '150,000 NUL': [`{"name":"${'\\u0000'.repeat(150_000)}"}`, [400]],
  '50,000 times one key': [`{${repeated(50_000, () => '"name":"a"')}}`, [201, 409]],
  'a number of 1,000,000 digits': [`{"name":"x","metadata":{"n":${'9'.repeat(1_000_000)}}}`, [400]],
  '1 MiB of spaces': [`${' '.repeat(1_048_000)}{`, [400]],
  '500,000 open brackets': ['['.repeat(500_000), [400]],
};

describe('bodies that cost as much as they can', () => {
  let installation: Installation;
  let caller: HttpCaller;
  let live: Agent;

  beforeAll(async () => {
    installation = await Installation.create();
    const server = await installation.start({});
    caller = await new HttpCaller(server.url).signIn();
    live = new Agent({ keepAlive: true, maxSockets: 1 });
  }, 120_000);
  afterAll(async () => {
    live.destroy();
    await installation.remove();
  });

  /** How long a probe, which needs nothing but the event loop, waits for its answer, in milliseconds. */
  async function probe(): Promise<number> {
    const started = performance.now();
    const sent = request(`${caller.url}/health/live`, { agent: live }).end();
    const [response] = (await once(sent, 'response')) as [NodeJS.ReadableStream];
    response.resume();
    await once(response, 'end');
    return performance.now() - started;
  }

  /** The longest that probes waited while the work was done. */
  async function longestDuring(work: () => Promise<unknown>): Promise<number> {
    const done = new AbortController();
    let longest = 0;
    const probes = (async () => {
      while (!done.signal.aborted) {
        longest = Math.max(longest, await probe());
        await sleep(1);
      }
    })();
    await work();
    done.abort();
    await probes;
    return longest;
  }

  it.each(Object.entries(BODIES))(
    `%s are answered, and nobody waits ${MOST_MS} ms`,
    async (name, [body, statuses]) => {
      const bytes = Buffer.from(body);
      const waits: number[] = [];
      for (let n = 0; n < TIMES; n++) {
        waits.push(
          await longestDuring(async () => {
            const answer = await caller.send('POST', PROJECTS, bytes);
            expect(statuses).toContain(answer.status);
          }),
        );
      }
      const [median = Infinity] = waits.toSorted((a, b) => a - b).slice(TIMES >> 1);
      report(`${name}: ${median.toFixed(0)} ms, ${Math.max(...waits).toFixed(0)} at most, of ${TIMES}`);
      expect(median).toBeLessThan(MOST_MS);
    },
    120_000,
  );
});
