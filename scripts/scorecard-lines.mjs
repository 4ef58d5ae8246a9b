import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The tests that docs/security.md names beside the attacks that were tried. */
const security = readFileSync(join(import.meta.dirname, '../docs/security.md'), 'utf8');
const [, tried = ''] = security.split(/^## What was tried$/m);
const attacks = [...new Set(tried.match(/(?:src|test)\/[\w./-]+\.ts/g))].map((path) =>
  path.replace(/(?:-spec)?\.ts$/, ''),
);

/**
 * The lines of the scorecard: what must hold, the tests that try it by a part of their path (and of their name),
 * whether `npm run bench -- --overload` measures it, and what none of them tries.
 */
export const LINES = [
  {
    id: 'R1',
    what: 'No generated request is answered 5xx or against the contract',
    files: [
      'test/process/generated-requests',
      'test/auth-fuzz',
      'test/validation.spec',
      'test/request-bodies',
      'test/openapi-tools',
    ],
  },
  { id: 'R2', what: 'No kind of caller reaches a route that it may not use', files: ['test/authorisation'] },
  {
    id: 'R3',
    what: 'mongod killed fifty times under 16 writers: no acknowledged write is lost, none is there twice',
    files: ['test/process/crashes'],
  },
  {
    id: 'R4',
    what: 'mongod frozen for 30 s: answers within 3 s, ready 503, all well within 5 s after',
    files: ['test/process/outage'],
  },
  {
    id: 'R5',
    what: 'Redis killed and frozen beside three processes: no request fails, no permission is older than 2 s',
    files: ['test/process/redis-outage'],
  },
  {
    id: 'R6',
    what: 'A process stopped under 50 keep-alive connections, with and without a pause before: no request is lost',
    files: ['test/process/shutdown'],
  },
  {
    id: 'R7',
    what: '100 requests at once with one Idempotency-Key, on each route that creates: one effect',
    files: ['test/idempotency.e2e'],
  },
  {
    id: 'R8',
    what: '50 requests at once with one If-Match: one success',
    files: ['test/projects-versions'],
  },
  {
    id: 'R9',
    what: 'A stolen refresh token that is used ends the session for thief and owner, and is logged',
    files: ['test/sessions-lost-answers', 'test/sessions.e2e'],
  },
  {
    id: 'R10',
    what: 'Hostile bodies are refused without holding up the event loop',
    files: ['test/process/hostile-bodies', 'test/http-bodies', 'test/http-refused-bodies'],
  },
  {
    id: 'R11',
    what: '500 slow connections of each kind leave normal load 0.8 of its throughput',
    files: [],
    isInOverload: true,
  },
  {
    id: 'R12',
    what: 'At 1, 2 and 4 times the capacity what is accepted is answered in time, and the rest 503 OVERLOADED',
    files: ['test/http-overload'],
    isInOverload: true,
  },
  {
    id: 'R13',
    what: '30 minutes of everything: no upward trend of memory, handles or connections of MongoDB',
    files: ['test/process/steady'],
  },
  {
    id: 'R14',
    what: 'Faulty environments stop the start with 78, each fault named and no value printed',
    files: ['test/process/configuration.e2e'],
  },
  {
    id: 'R15',
    what: 'No secret stands in logs, answers, metrics or traces',
    files: ['test/planted-secrets', 'test/http-logs', 'src/platform/logging', 'test/telemetry'],
  },
  {
    id: 'R16',
    what: 'Ten processes that start at once on an empty database migrate it once, and all are ready',
    files: ['test/process/migrate'],
  },
  {
    id: 'R17',
    what: 'Three mongods killed, stepped down, frozen and cut off: no acknowledged write is lost, no ended right honoured',
    files: ['test/process/replica-set'],
  },
  {
    id: 'R18',
    what: 'A process killed within a transaction keeps nobody waiting; its work goes on or is undone',
    files: ['test/process/idempotency-crash'],
  },
  {
    id: 'R19',
    what: 'Executions: every line of their table of crashes, waits and effects',
    files: ['test/executions', 'test/process/executions-crash', 'test/process/removals'],
    missing:
      'how much is done beside other queues (`npm run bench -- --executions` measures that), 100,000 that wait and 1,000,000 that are finished',
  },
  {
    id: 'R20',
    what: 'Faults of the process: one line without personal data, requests answered, exit code 1 or a code that says why',
    files: ['test/process/faults'],
    missing:
      'a heap that one piece of work fills before anything can notice, where V8 ends the process itself',
  },
  {
    id: 'R21',
    what: "The database's disk is full, then free again: no acknowledged write is lost, and all is well by itself",
    files: ['test/process/full-disk'],
  },
  {
    id: 'R22',
    what: 'A backup under load, restored into an empty server: every acknowledged record of before is there once',
    files: ['test/process/backup', 'test/process/crashes', 'test/key-rotation'],
  },
  {
    id: 'R23',
    what: 'Attacks: the list in docs/security.md, each a test with variants; none succeeds',
    files: attacks,
  },
  {
    id: 'R24',
    what: 'Twenty quiet users keep twice their latency at most beside one who asks for all it can',
    files: ['test/auth-fairness'],
    isInOverload: true,
  },
];
