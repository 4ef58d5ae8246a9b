import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RequestContext } from './request-context.js';

/** What a span says besides its name: words of the code, numbers. Never who it is about, an address, or any content. */
export type SpanFields = Readonly<Record<string, string | number | boolean>>;

/** Work that traces show. */
export interface Span {
  /** What is done, not with what: `mail send`. */
  readonly name: string;
  /** `client`: another system does it. */
  readonly kind?: 'client';
  readonly fields?: SpanFields;
}

/** The trace that a request belongs to. */
export interface RequestTrace {
  readonly context: Required<Pick<RequestContext, 'traceId' | 'span'>>;
  /** The answer is out. */
  end(reply: FastifyReply): void;
}

/** Who makes the traces: `src/platform/tracing`, or nobody. */
export interface Tracer {
  within<T>(span: Span, work: () => Promise<T>): Promise<T>;
  continued<T>(traceparent: string | undefined, span: Span, work: () => Promise<T>): Promise<T>;
  ofRequest(request: FastifyRequest): RequestTrace;
  moment(span: Span): void;
  note(fields: SpanFields): void;
  readonly traceparent: string | undefined;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Only where traces are made. */
    trace?: RequestTrace;
  }
}

let tracer: Tracer | undefined;

/** Lets a tracer see what happens in this process, or nobody any more. */
export function traceWith(next: Tracer | undefined): void {
  tracer = next;
}

/** Does work, as a part of the trace of the request or execution that it is done for. */
export function traced<T>(span: Span, work: () => Promise<T>): Promise<T> {
  return tracer ? tracer.within(span, work) : work();
}

/** Does work that continues a trace of before, or begins one: what this process happens to do has no part in it. */
export function tracedFrom<T>(
  traceparent: string | undefined,
  span: Span,
  work: () => Promise<T>,
): Promise<T> {
  return tracer ? tracer.continued(traceparent, span, work) : work();
}

/** The trace of a request, which begins or is continued now; undefined where none are made. */
export function traceOf(request: FastifyRequest): RequestTrace | undefined {
  return tracer?.ofRequest(request);
}

/** Shows what takes no time. */
export function traceMoment(span: Span): void {
  tracer?.moment(span);
}

/** Says more about the span that is open. */
export function noteInTrace(fields: SpanFields): void {
  tracer?.note(fields);
}

/** The open span as W3C's `traceparent`, for whoever continues the trace later. */
export function currentTrace(): string | undefined {
  return tracer?.traceparent;
}

/** The same as headers, for another system. */
export function traceHeaders(): Readonly<Record<string, string>> {
  const value = tracer?.traceparent;
  return value === undefined ? {} : { traceparent: value };
}
