import { Env, type Fault } from '../config/env.js';
import { integer, kind, line, oneOf, url } from '../config/kinds.js';
import { PRODUCT } from '../../product/product.js';

const PAIR = /^([\w.-]+)=([\x21-\x7e]*)$/;

/** As W3C writes baggage: `name=value`, separated by commas, values percent-encoded. */
function pairs() {
  return kind('pairs such as name=value, separated by commas, values percent-encoded', (text) => {
    const read = text.split(',').map((pair) => PAIR.exec(pair.trim()));
    try {
      const all = read.map((match) => match && [match[1], decodeURIComponent(match[2] ?? '')]);
      return all.every((pair) => pair !== null)
        ? (Object.fromEntries(all) as Readonly<Record<string, string>>)
        : undefined;
    } catch {
      return undefined;
    }
  });
}

function ratio() {
  return kind('a number from 0 to 1, such as 0.1', (text) =>
    /^(?:0(?:\.\d+)?|1(?:\.0+)?)$/.test(text) ? Number(text) : undefined,
  );
}

const NEEDED = { requires: 'OTEL_EXPORTER_OTLP_ENDPOINT' } as const;

/** Where traces go: the variables of OpenTelemetry that the product knows. */
export class TracingConfig {
  static readonly prefix = 'OTEL_';

  static readonly faultsOf = ({ sampler, samplerRatio }: TracingConfig): readonly Fault[] =>
    samplerRatio !== undefined && !sampler.endsWith('traceidratio')
      ? [{ variable: 'OTEL_TRACES_SAMPLER_ARG', problem: `means nothing to the sampler ${sampler}` }]
      : [];

  /** Where a collector of OpenTelemetry takes OTLP over HTTP, such as http://collector:4318. Unset: no traces are made. */
  @Env('OTEL_EXPORTER_OTLP_ENDPOINT', url('http', 'https'))
  readonly endpoint?: string;

  /** How traces are sent. */
  @Env('OTEL_EXPORTER_OTLP_PROTOCOL', oneOf('http/protobuf'), { default: 'http/protobuf', ...NEEDED })
  readonly protocol!: 'http/protobuf';

  /** Headers that the collector asks for, such as a key: `name=value`, separated by commas. */
  @Env('OTEL_EXPORTER_OTLP_HEADERS', pairs(), NEEDED)
  readonly headers?: Readonly<Record<string, string>>;

  /** How long, in milliseconds, the collector may take, tries again included. */
  @Env('OTEL_EXPORTER_OTLP_TIMEOUT', integer(1, 60_000), { default: 10_000, ...NEEDED })
  readonly timeoutMs!: number;

  /** What the process is called in traces. */
  @Env('OTEL_SERVICE_NAME', line(), { default: PRODUCT.key, ...NEEDED })
  readonly serviceName!: string;

  /** What else traces say of the process, such as `k8s.pod.name=api-1`, separated by commas. */
  @Env('OTEL_RESOURCE_ATTRIBUTES', pairs(), NEEDED)
  readonly resource?: Readonly<Record<string, string>>;

  /** Which requests are traced. `parentbased_…` does as the caller's `traceparent` says, where it sends one: not for clients that nobody knows. */
  @Env(
    'OTEL_TRACES_SAMPLER',
    oneOf(
      'always_on',
      'always_off',
      'traceidratio',
      'parentbased_always_on',
      'parentbased_always_off',
      'parentbased_traceidratio',
    ),
    { default: 'parentbased_always_on', ...NEEDED },
  )
  readonly sampler!: string;

  /** Which part of the requests the samplers `traceidratio` take: 0.1 is a tenth. Unset: all. */
  @Env('OTEL_TRACES_SAMPLER_ARG', ratio(), { requires: 'OTEL_TRACES_SAMPLER' })
  readonly samplerRatio?: number;

  /** How long, in milliseconds, spans are collected before they are sent. */
  @Env('OTEL_BSP_SCHEDULE_DELAY', integer(10, 60_000), { default: 5_000, ...NEEDED })
  readonly delayMs!: number;

  /** How many spans wait to be sent; further ones are lost (`traces_lost`). */
  @Env('OTEL_BSP_MAX_QUEUE_SIZE', integer(512, 65_536), { default: 2_048, ...NEEDED })
  readonly maxWaiting!: number;

  /** Whose traceparent is understood. */
  @Env('OTEL_PROPAGATORS', oneOf('tracecontext'), { default: 'tracecontext', ...NEEDED })
  readonly propagators!: 'tracecontext';

  /** Traces are sent by OTLP alone. */
  @Env('OTEL_TRACES_EXPORTER', oneOf('otlp'), { default: 'otlp', ...NEEDED })
  readonly tracesExporter!: 'otlp';

  /** Metrics are not sent: Prometheus reads them from /metrics. */
  @Env('OTEL_METRICS_EXPORTER', oneOf('none'), { default: 'none', ...NEEDED })
  readonly metricsExporter!: 'none';

  /** Log lines are not sent: they go to standard output, with the id of the trace. */
  @Env('OTEL_LOGS_EXPORTER', oneOf('none'), { default: 'none', ...NEEDED })
  readonly logsExporter!: 'none';
}
