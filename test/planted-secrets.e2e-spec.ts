// Alone in its process: its collector sees every span.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Collector } from './support/collected-spans.js';
import { startCollector } from './support/collector.js';
import { bodyExampleOf, type OpenApi, type Place, startMessage } from './support/openapi-document.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { newAddress } from './support/users.js';

/** Stands in every value that is planted, and nowhere else. */
const MARK = 'zqplanted';
const planted = (): string => `${MARK}-${randomBytes(12).toString('hex')}`;

/** Fields whose values no answer repeats, whatever they are part of. */
const SECRET_FIELD = /password|token|secret|otp|code|assertion|pin$/i;

/** Variables that hold a secret, and what they need to be used: nothing listens at port 1. */
const SECRETS = {
  METRICS_TOKEN: planted(),
  OPENAI_API_KEY: planted(),
  SMTP_URL: `smtp://ada:${planted()}@127.0.0.1:1`,
  OPENAI_BASE_URL: 'http://127.0.0.1:1/v1',
  OPENAI_MODEL: 'none',
  PUBLIC_URL: 'https://product.test',
  OAUTH_PROVIDERS: 'github',
  OAUTH_GITHUB_CLIENT_ID: planted(),
  OAUTH_GITHUB_CLIENT_SECRET: planted(),
  OTEL_EXPORTER_OTLP_HEADERS: `authorization=${planted()}`,
} as const;

/** What a request may carry. X-Request-Id is meant for the log. */
const HEADERS = (
  'authorization cookie x-api-key idempotency-key if-match if-none-match x-organization-id user-agent referer ' +
  'x-forwarded-for x-custom traceparent range accept-language content-language x-proxy-token'
).split(' ');

/** The same value with the mark in all of its texts, as deep as it goes. */
function marked(value: unknown): unknown {
  if (typeof value === 'string') return planted();
  if (Array.isArray(value)) return value.map(marked);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, marked(field)]));
}

/** Bodies with the mark in one text each, so that the others let it come as far as it can. */
function oneByOne(value: unknown): { body: unknown; field: string }[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.entries(value).map(([field, held]) => ({ field, body: { ...value, [field]: marked(held) } }));
}

describe('a secret that is planted', () => {
  let collector: Collector;
  let test: TestApp;
  let places: Place[];
  let document: OpenApi;
  let ada: TestClient;

  beforeAll(async () => {
    collector = await startCollector();
    test = await createTestApp({
      ...SECRETS,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_BSP_SCHEDULE_DELAY: '20',
      LOG_LEVEL: 'trace',
    });
    document = (await test.anonymous.get('/docs/json')).body as OpenApi;
    places = startMessage(document);
    ada = await test.anonymous.signIn('admin');
  }, 600_000);
  afterAll(async () => {
    await test.close();
    await collector.close();
  });

  const urlOf = ({ path }: Place): string => path.replaceAll(/\{\w+\}/g, 'f'.repeat(24));

  /** Signed in again where what was sent has ended the session. */
  async function send(place: Place, body: unknown, query = '', headers: Record<string, string> = {}) {
    const answer = await ada.from(newAddress()).send(place.method, `${urlOf(place)}${query}`, body, headers);
    if (answer.outcome === '401 UNAUTHENTICATED') ada = await test.anonymous.signIn('admin');
    return answer;
  }

  /** Everything that leaves the process beside answers. */
  async function told(): Promise<string> {
    const { text } = await test.anonymous.get('/metrics', {
      authorization: `Bearer ${SECRETS.METRICS_TOKEN}`,
    });
    expect(text).toMatch(/^http_/m);
    await sleep(200);
    expect(collector.spans.length).toBeGreaterThan(0);
    expect(test.logs.length).toBeGreaterThan(0);
    return [test.logText(), text, JSON.stringify(collector.spans)].join('\n');
  }

  /** What stands around the first mark in a text. */
  const around = (text: string): string | undefined => new RegExp(`.{0,80}${MARK}.{0,40}`).exec(text)?.[0];

  it('in any field of a body is in no log, metric or trace, and secret ones in no answer', async () => {
    const repeated: object[] = [];
    let sent = 0;
    for (const place of places) {
      const example = place.operation.requestBody && bodyExampleOf(document, place.operation, place.path);
      if (example === undefined) continue;
      for (const { field, body } of [...oneByOne(example), { field: '', body: marked(example) }]) {
        const { status, text } = await send(place, body);
        sent++;
        // What is accepted is answered, unless it is secret; what is refused is not repeated.
        if (text.includes(MARK) && (status >= 400 || SECRET_FIELD.test(field))) {
          repeated.push({ at: `${place.method} ${place.path}`, field, status, text: around(text) });
        }
      }
    }
    expect(sent).toBeGreaterThan(100);
    expect(repeated).toEqual([]);
    expect(around(await told())).toBeUndefined();
  }, 120_000);

  it('in a query, a header or a cookie is in no log, metric, trace or answer', async () => {
    const repeated: object[] = [];
    for (const place of places) {
      const at = `${place.method} ${place.path}`;
      const queries = (place.operation.parameters ?? []).filter((each) => each.in === 'query');
      for (const { name } of queries) {
        const value = planted();
        const { text } = await send(place, undefined, `?${encodeURIComponent(name)}=${value}`);
        if (text.includes(value)) repeated.push({ at, query: name, text: around(text) });
      }
      // The answer names the parameter that is unknown.
      await send(place, undefined, `?${planted()}=1`);
      for (const name of HEADERS) {
        const value = planted();
        const sent = name === 'authorization' ? `Bearer ${value}` : value;
        const { text } = await send(place, undefined, '', { [name]: sent });
        if (text.includes(value)) repeated.push({ at, name, text: around(text) });
      }
    }
    expect(repeated).toEqual([]);
    expect(around(await told())).toBeUndefined();
  }, 120_000);

  it('in the environment is in no answer that tells how the server is', async () => {
    for (const path of ['/health', '/health/ready', '/health/live', '/console/system', '/docs/json']) {
      const { text } = await ada.get(path);
      expect([path, around(text)]).toEqual([path, undefined]);
    }
    expect(around(await told())).toBeUndefined();
  });
});
