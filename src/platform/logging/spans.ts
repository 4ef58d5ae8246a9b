import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RequestContext } from './request-context.js';

/** Attributes of a span: constants and numbers. Never an identity, an address, or any content. */
export type SpanFields = Readonly<Record<string, string | number | boolean>>;

/** A span of a trace. */
export interface Span {
  /** What is done, not with what: `mail send`. */
  readonly name: string;
  /** `client`: a call to another system. */
  readonly kind?: 'client';
  readonly fields?: SpanFields;
}

/** The trace that a request belongs to. */
export interface RequestTrace {
  readonly context: Required<Pick<RequestContext, 'traceId' | 'span'>>;
  /** The response has been sent. */
  end(reply: FastifyReply): void;
}

/** Creates the traces. `src/platform/tracing` implements it. */
export interface Tracer {
  withSpan<T>(span: Span, work: () => Promise<T>): Promise<T>;
  continued<T>(traceparent: string | undefined, span: Span, work: () => Promise<T>): Promise<T>;
  ofRequest(request: FastifyRequest): RequestTrace;
  moment(span: Span): void;
  note(fields: SpanFields): void;
  readonly traceparent: string | undefined;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Only if the request is traced. */
    trace?: RequestTrace;
  }
}

let tracer: Tracer | undefined;

/** Sets the tracer of this process, or removes it. */
export function traceWith(next: Tracer | undefined): void {
  tracer = next;
}

/** Runs work in a span of the current request's or execution's trace. */
export function traced<T>(span: Span, work: () => Promise<T>): Promise<T> {
  return tracer ? tracer.withSpan(span, work) : work();
}

/** Runs work in a span that continues an earlier trace or starts a new one, independent of the current span. */
export function tracedFrom<T>(
  traceparent: string | undefined,
  span: Span,
  work: () => Promise<T>,
): Promise<T> {
  return tracer ? tracer.continued(traceparent, span, work) : work();
}

/** Starts or continues the trace of a request; undefined without a tracer. */
export function traceOf(request: FastifyRequest): RequestTrace | undefined {
  return tracer?.ofRequest(request);
}

/** Adds a span without duration. */
export function traceMoment(span: Span): void {
  tracer?.moment(span);
}

/** Adds attributes to the current span. */
export function noteInTrace(fields: SpanFields): void {
  tracer?.note(fields);
}

/** The current span as W3C's `traceparent`, to continue the trace later. */
export function currentTrace(): string | undefined {
  return tracer?.traceparent;
}

/** The same as headers for a request to another system. */
export function traceHeaders(): Readonly<Record<string, string>> {
  const value = tracer?.traceparent;
  return value === undefined ? {} : { traceparent: value };
}
