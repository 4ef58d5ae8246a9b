/** The measured requests, and the load generator. */
import { setTimeout as sleep } from 'node:timers/promises';
import autocannon from 'autocannon';
import { cpuSeconds, rssMiB } from './servers.mjs';

const body = (name) => ({
  name,
  description: 'Made by the benchmark',
  metadata: { colour: 'green', tags: ['web', 'shop'], order: 1 },
});

/** Projects created so far, so that each has a different name. */
let created = 0;
/** Projects read so far. */
let read = 0;

/** A request for each route, and the expected status. */
export function routesOf({ token, projectId, projectIds }) {
  const headers = { authorization: `Bearer ${token}` };
  const json = { ...headers, 'content-type': 'application/json' };
  const at = `/api/v1/projects/${projectId}`;
  return {
    get: {
      status: 200,
      request: {
        method: 'GET',
        path: at,
        headers,
        // Another project each time: clients that ask at once rarely ask for the same.
        setupRequest: (request) => ({
          ...request,
          path: `/api/v1/projects/${projectIds[read++ % projectIds.length]}`,
        }),
      },
    },
    list: { status: 200, request: { method: 'GET', path: '/api/v1/projects?limit=20', headers } },
    create: {
      status: 201,
      request: {
        method: 'POST',
        path: '/api/v1/projects',
        headers: json,
        setupRequest: (request) => ({ ...request, body: JSON.stringify(body(`bench-${++created}`)) }),
      },
    },
    put: {
      status: 200,
      // One connection at a time: a lost race would change the response.
      connections: 1,
      request: { method: 'PUT', path: at, headers: json, body: JSON.stringify(body('Replaced')) },
    },
    refused: {
      status: 400,
      request: {
        method: 'POST',
        path: '/api/v1/projects',
        headers: json,
        body: '{"name":"","colour":"blue"}',
      },
    },
    live: { status: 200, request: { method: 'GET', path: '/health/live', headers: {} } },
  };
}

async function fire(port, { request, connections = 20 }, amount) {
  const result = await autocannon({
    url: `http://127.0.0.1:${port}`,
    connections,
    amount,
    // It ends at a sample; the default of a second would round the time up.
    sampleInt: 50,
    requests: [request],
  });
  // It may have sent one more, which must not run alongside those to the next server.
  await sleep(20);
  return result;
}

/** Warms up a route before it is measured. */
export async function warmUp({ port }, route, amount) {
  await fire(port, route, 4 * amount);
}

/**
 * Sends `amount` requests and returns their cost to the server. Each must be answered as expected; with `mayShed` some
 * may be answered 503 OVERLOADED, which do not count as done.
 */
export async function measure({ port, pid }, route, amount, { mayShed = false } = {}) {
  const before = cpuSeconds(pid);
  const result = await fire(port, route, amount);
  const cpu = cpuSeconds(pid) - before;
  const countOf = (status) => result.statusCodeStats?.[status]?.count ?? 0;
  const [answered, shed] = [countOf(route.status), mayShed ? countOf(503) : 0];
  if (answered + shed !== amount) {
    throw new Error(`expected ${amount} × ${route.status}, got ${JSON.stringify(result.statusCodeStats)}`);
  }
  return {
    cpuMicros: (cpu * 1e6) / amount,
    shed,
    perSecond: answered / ((result.finish - result.start) / 1000),
    p50: result.latency.p50,
    p99: result.latency.p99,
    rss: rssMiB(pid),
  };
}
