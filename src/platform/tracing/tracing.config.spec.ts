import { readFileSync, globSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { faultsOf } from '../../../test/support/configuration-faults.js';
import { parseConfig } from '../config/config.js';
import type { Environment } from '../config/env.js';
import { TracingConfig } from './tracing.config.js';

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };

describe('the variables of OpenTelemetry', () => {
  it('are read as the specification says', () => {
    const config = parseConfig({
      ...ENDPOINT,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-key=a%20b, other=c=d',
      OTEL_RESOURCE_ATTRIBUTES: 'k8s.pod.name=api-1',
      OTEL_TRACES_SAMPLER: 'traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.1',
      OTEL_METRICS_EXPORTER: 'none',
    }).of(TracingConfig);
    expect(config).toMatchObject({
      endpoint: 'http://collector:4318',
      headers: { 'x-key': 'a b', other: 'c=d' },
      resource: { 'k8s.pod.name': 'api-1' },
      sampler: 'traceidratio',
      samplerRatio: 0.1,
      delayMs: 5_000,
    });
  });

  it.each([
    [
      'one that the product does not know',
      { ...ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://other' },
    ],
    ['any without a collector', { OTEL_SERVICE_NAME: 'shop' }, 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    ['another protocol', { ...ENDPOINT, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }],
    ['metrics that would not be sent', { ...ENDPOINT, OTEL_METRICS_EXPORTER: 'otlp' }],
    ['headers that are none', { ...ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS: 'a=b,c' }],
    ['headers that cannot be decoded', { ...ENDPOINT, OTEL_EXPORTER_OTLP_HEADERS: 'a=%' }],
    [
      'a share of a sampler that takes all',
      { ...ENDPOINT, OTEL_TRACES_SAMPLER: 'always_on', OTEL_TRACES_SAMPLER_ARG: '0.1' },
      'OTEL_TRACES_SAMPLER_ARG',
    ],
    ['more than all', { ...ENDPOINT, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '1.5' }],
  ])('refuse %s', (_, env: Environment, variable = Object.keys(env).at(-1)) => {
    expect(faultsOf(env)).toMatchObject([{ variable }]);
  });
});

describe('what OpenTelemetry costs who does not use it', () => {
  it('is loaded by nobody but the module that is asked for traces', () => {
    const sources = globSync('src/**/*.ts', { exclude: ['**/*.spec.ts'] });
    const from = (what: RegExp) => sources.filter((path) => what.test(readFileSync(path, 'utf8')));
    expect(from(/from '@opentelemetry/)).toEqual(['src/platform/tracing/open-telemetry.ts']);
    expect(from(/^import \{.*open-telemetry\.js'/m)).toEqual([]);
    expect(from(/await import\('\.\/open-telemetry\.js'\)/)).toEqual([
      'src/platform/tracing/tracing.module.ts',
    ]);
  });
});
