/** A span, as the collector has understood it. */
export interface CollectedSpan {
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** 2: an error. */
  readonly status: number;
}

export interface ProtocolSpan extends Omit<CollectedSpan, 'attributes' | 'status'> {
  readonly attributes?: readonly {
    readonly key: string;
    readonly value: {
      readonly stringValue?: string;
      readonly intValue?: string;
      readonly doubleValue?: number;
      readonly boolValue?: boolean;
    };
  }[];
  readonly status?: { readonly code?: number };
}

/** A span as JSON of the OpenTelemetry protocol writes it. */
export function collected({ attributes = [], status, ...span }: ProtocolSpan): CollectedSpan {
  const read = attributes.map(({ key, value }) => [
    key,
    value.stringValue ?? value.boolValue ?? Number(value.intValue ?? value.doubleValue),
  ]);
  const { name, kind, traceId, spanId, parentSpanId = '' } = span;
  const fields = Object.fromEntries(read) as CollectedSpan['attributes'];
  return { name, kind, traceId, spanId, parentSpanId, attributes: fields, status: status?.code ?? 0 };
}

/** The spans of a trace, if one of that name is among them. */
export function traceOf(
  spans: readonly CollectedSpan[],
  traceId: string,
  name: string,
): readonly CollectedSpan[] | false {
  const found = spans.filter((span) => span.traceId === traceId);
  return found.some((span) => span.name === name) && found;
}

/** A receiver of the OpenTelemetry protocol that somebody else has written. */
export interface Collector {
  readonly endpoint: string;
  readonly spans: readonly CollectedSpan[];
  /** The spans of a trace, once one of that name has come. */
  trace(traceId: string, name: string): Promise<readonly CollectedSpan[]>;
  close(): Promise<void>;
}
