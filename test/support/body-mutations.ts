import { type OpenApi, resolve, type Schema } from './openapi-document.js';

/** Values of every type of JSON, for fields of other types. */
const STRANGERS = [null, true, 1.5, -1, 'text', '', [], {}, [null], { a: 1 }];

/** What is at, and just beyond, the bounds of a schema. */
function edgesOf({
  minLength,
  maxLength,
  minimum,
  maximum,
  maxItems,
  items,
  enum: choices,
}: Schema): unknown[] {
  const lengths = [minLength, maxLength].flatMap((bound) =>
    bound === undefined ? [] : [bound - 1, bound, bound + 1],
  );
  const numbers = [minimum, maximum].flatMap((bound) =>
    bound === undefined ? [] : [bound - 1, bound, bound + 1],
  );
  return [
    ...lengths.filter((length) => length >= 0).map((length) => 'x'.repeat(length)),
    ...numbers,
    ...(choices ? [...choices, `${String(choices[0])}x`] : []),
    ...(items && maxItems !== undefined ? [maxItems, maxItems + 1] : []).map((length) =>
      Array.from({ length }, () => items?.example ?? items?.enum?.[0] ?? 'x'),
    ),
  ];
}

/** The same value with something that a pattern or a format may not allow. */
function bentOf(value: unknown): unknown[] {
  return typeof value === 'string'
    ? [`${value}!`, `!${value}`, value.slice(1), value.toUpperCase(), `${value}\n!`]
    : [];
}

function* mutationsOfValue(document: OpenApi, schema: Schema, value: unknown): Generator<unknown> {
  yield* STRANGERS;
  yield [value];
  yield* edgesOf(schema);
  yield* bentOf(value);
  if (schema.properties !== undefined || schema.$ref !== undefined)
    yield* mutationsOf(document, schema, value);
  if (schema.items && Array.isArray(value)) {
    for (const item of mutationsOfValue(document, schema.items, value[0])) yield [item];
  }
}

/** Bodies that differ from one that is accepted in one place: some are accepted, most are not. */
export function* mutationsOf(document: OpenApi, schema: Schema, example: unknown): Generator<unknown> {
  yield* [null, [], 'text', 1, true, [example], {}];
  const body = example as Record<string, unknown>;
  yield { ...body, unknownField: 1 };
  for (const [name, field] of Object.entries(resolve(document, schema).properties ?? {})) {
    const { [name]: value, ...rest } = body;
    yield rest;
    for (const mutation of mutationsOfValue(document, field, value)) yield { ...body, [name]: mutation };
  }
}
