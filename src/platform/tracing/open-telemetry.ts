import { randomUUID } from 'node:crypto';
import {
  type Attributes,
  type Context,
  context,
  type ContextManager,
  diag,
  DiagLogLevel,
  ROOT_CONTEXT,
  type Span as OpenSpan,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer as OpenTracer,
} from '@opentelemetry/api';
import { setGlobalErrorHandler, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Mode } from '../config/env.js';
import { requestContext } from '../logging/request-context.js';
import type { RequestTrace, Span, SpanFields, Tracer } from '../logging/spans.js';
import { RELEASE } from '../../product/release.js';
import type { TracingConfig } from './tracing.config.js';

/** Ids are no names: those of users are nobody's business, and a name with an id in it names one thing only. */
const ID = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{24,}|\d+/gi;

const W3C = new W3CTraceContextPropagator();
const GETTER = {
  keys: (headers: FastifyRequest['headers']) => Object.keys(headers),
  get: (headers: FastifyRequest['headers'], name: string) => headers[name],
};

function withoutIds(fields: SpanFields): Attributes {
  const cleaned = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === 'string' ? value.replaceAll(ID, '*') : value,
  ]);
  return Object.fromEntries(cleaned) as Attributes;
}

/** What kind of error it was. Messages may quote anything. */
function kindOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { readonly code?: unknown; readonly name?: unknown };
  if (typeof code === 'string' || typeof code === 'number') return String(code);
  return typeof name === 'string' ? name : typeof error;
}

function samplerOf({ sampler, samplerRatio = 1 }: TracingConfig): Sampler {
  const roots: Readonly<Record<string, () => Sampler>> = {
    always_on: () => new AlwaysOnSampler(),
    always_off: () => new AlwaysOffSampler(),
    traceidratio: () => new TraceIdRatioBasedSampler(samplerRatio),
  };
  const root = (roots[sampler.replace('parentbased_', '')] as () => Sampler)();
  return sampler.startsWith('parentbased_') ? new ParentBasedSampler({ root }) : root;
}

/** OpenTelemetry's own context is what follows requests anyway, so that spans which others make have their place, too. */
const follower: ContextManager = {
  active: () => (requestContext.getStore()?.span as Context | undefined) ?? ROOT_CONTEXT,
  with: (span, work, self, ...args) =>
    requestContext.run({ ...requestContext.getStore(), span }, () => work.call(self as never, ...args)),
  bind: (span, target) =>
    typeof target === 'function'
      ? (((...args: unknown[]) => follower.with(span, target as never, undefined, ...(args as []))) as never)
      : target,
  enable: () => follower,
  disable: () => follower,
};

export interface OpenTelemetryOptions {
  readonly config: TracingConfig;
  readonly mode: Mode;
  /** Spans did not reach the collector, or could not wait for it. */
  readonly lost: (reason: string) => void;
}

/** Makes traces, and sends them to a collector. */
export class OpenTelemetry implements Tracer {
  private readonly provider: TracerProvider;
  private readonly tracer: OpenTracer;

  constructor({ config, mode, lost }: OpenTelemetryOptions) {
    const exporter = new OTLPTraceExporter({
      url: `${config.endpoint?.replace(/\/$/, '')}/v1/traces`,
      timeoutMillis: config.timeoutMs,
      ...(config.headers && { headers: config.headers }),
    });
    const spans = new BatchSpanProcessor({
      exporter,
      scheduledDelayMillis: config.delayMs,
      maxQueueSize: config.maxWaiting,
      exportTimeoutMillis: config.timeoutMs,
    });
    const resource = resourceFromAttributes({
      'service.name': config.serviceName,
      'service.version': RELEASE,
      'service.instance.id': randomUUID(),
      'deployment.environment.name': mode,
      ...config.resource,
    });
    this.provider = new TracerProvider({ resource, sampler: samplerOf(config), spanProcessors: [spans] });
    this.tracer = this.provider.getTracer(config.serviceName, RELEASE);
    // The newest counts, should a process have several applications.
    context.disable();
    trace.disable();
    context.setGlobalContextManager(follower);
    trace.setGlobalTracerProvider(this.provider);
    setGlobalErrorHandler((error) => lost(kindOf(error)));
    const warn = (text: string): void => lost(text.slice(0, 200));
    const nothing = (): void => undefined;
    const logger = { error: warn, warn, info: nothing, debug: nothing, verbose: nothing };
    diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
  }

  ofRequest(request: FastifyRequest): RequestTrace {
    const { method, headers, routeOptions } = request;
    const { url } = routeOptions;
    const parent = headers['traceparent'] ? W3C.extract(ROOT_CONTEXT, headers, GETTER) : ROOT_CONTEXT;
    const span = this.tracer.startSpan(
      url === undefined ? method : `${method} ${url}`,
      {
        kind: SpanKind.SERVER,
        attributes: { 'http.request.method': method, ...(url !== undefined && { 'http.route': url }) },
      },
      parent,
    );
    return {
      context: { traceId: span.spanContext().traceId, span: trace.setSpan(parent, span) },
      end: (reply) => endRequest(span, reply),
    };
  }

  withSpan<T>(span: Span, work: () => Promise<T>): Promise<T> {
    const parent = follower.active();
    if (!trace.getSpan(parent)?.isRecording()) return work();
    const kind = span.kind === 'client' ? SpanKind.CLIENT : SpanKind.INTERNAL;
    return this.show(span, kind, parent, work);
  }

  continued<T>(traceparent: string | undefined, span: Span, work: () => Promise<T>): Promise<T> {
    const parent = traceparent ? W3C.extract(ROOT_CONTEXT, { traceparent }, GETTER) : ROOT_CONTEXT;
    return this.show(span, SpanKind.CONSUMER, parent, work);
  }

  moment({ name, fields = {} }: Span): void {
    const parent = follower.active();
    if (!trace.getSpan(parent)?.isRecording()) return;
    this.tracer.startSpan(name, { attributes: withoutIds(fields) }, parent).end();
  }

  note(fields: SpanFields): void {
    const span = trace.getSpan(follower.active());
    if (span?.isRecording()) span.setAttributes(withoutIds(fields));
  }

  get traceparent(): string | undefined {
    const span = trace.getSpanContext(follower.active());
    if (!span) return undefined;
    return `00-${span.traceId}-${span.spanId}-${span.traceFlags & TraceFlags.SAMPLED ? '01' : '00'}`;
  }

  /** Sends what is left. */
  async close(): Promise<void> {
    context.disable();
    trace.disable();
    await this.provider.shutdown();
    diag.disable();
  }

  private async show<T>(
    { name, fields = {} }: Span,
    kind: SpanKind,
    parent: Context,
    work: () => Promise<T>,
  ): Promise<T> {
    const span = this.tracer.startSpan(name, { kind, attributes: withoutIds(fields) }, parent);
    const inside = { traceId: span.spanContext().traceId, span: trace.setSpan(parent, span) };
    try {
      return await requestContext.run({ ...requestContext.getStore(), ...inside }, work);
    } catch (error) {
      span.setAttribute('error.type', kindOf(error));
      span.setStatus({ code: SpanStatusCode.ERROR });
      throw error;
    } finally {
      span.end();
    }
  }
}

function endRequest(span: OpenSpan, reply: FastifyReply): void {
  if (!span.isRecording()) return;
  const { statusCode, request } = reply;
  span.setAttribute('http.response.status_code', statusCode);
  if (request.failure) span.setAttribute('error.type', request.failure.code);
  if (statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}
