/** The parts of an OpenAPI document that the tests look at. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly example?: unknown;
  readonly enum?: readonly unknown[];
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly allOf?: readonly Schema[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly format?: string;
}

interface Content {
  readonly 'application/json': {
    readonly schema: Schema;
    readonly examples?: Readonly<Record<string, { readonly value: Failure }>>;
  };
}

interface Response {
  readonly description: string;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly content?: Content;
}

/** The body of a failure. */
export interface Failure {
  readonly success: boolean;
  readonly error: string;
  readonly code: string;
  readonly details?: readonly { readonly path: string; readonly message: string }[];
}

export interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly operationId?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly { name: string; in: string; description?: string; schema: Schema }[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, Response>>;
}

export interface OpenApi {
  readonly info: { readonly version: string };
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly responses: Readonly<Record<string, Response>>;
    readonly examples: Readonly<Record<string, { readonly value: Failure }>>;
  };
}

/** An operation and where it stands. */
export interface Place {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}

/** A response, and each of its examples, in place of references to them. */
function whole({ components }: OpenApi, response: Response & { readonly $ref?: string }): Response {
  const shared =
    components.responses[response.$ref?.replace('#/components/responses/', '') ?? ''] ?? response;
  const json = shared.content?.['application/json'];
  if (!json?.examples) return shared;
  const examples = Object.keys(json.examples).flatMap((code) => {
    const example = components.examples[code];
    return example ? [[code, example] as const] : [];
  });
  return { ...shared, content: { 'application/json': { ...json, examples: Object.fromEntries(examples) } } };
}

/** Every operation, with what it refers to among the responses. */
export function startMessage(document: OpenApi): Place[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => {
      const responses = Object.entries(operation.responses).map(
        ([status, response]) => [status, whole(document, response)] as const,
      );
      return {
        path,
        method: method.toUpperCase(),
        operation: { ...operation, responses: Object.fromEntries(responses) },
      };
    }),
  );
}

/** The schema itself, wherever the document keeps it. */
export function resolve(document: OpenApi, schema: Schema): Schema {
  if (schema.$ref === undefined) return schema;
  const found = document.components.schemas[schema.$ref.replace('#/components/schemas/', '')];
  if (!found) throw new Error(`${schema.$ref} leads nowhere`);
  return found;
}

/**
 * The value that a page or a client makes of the examples in a schema.
 * @param path of the route, for the error
 */
export function exampleOf(document: OpenApi, schema: Schema, path: string, field?: string): unknown {
  const { example, enum: choices, properties, items, type, allOf = [] } = resolve(document, schema);
  if (example !== undefined) return example;
  if (choices?.length === 1) return choices[0];
  if (items) return [exampleOf(document, items, path, field)];
  const [only] = allOf;
  if (only) return exampleOf(document, only, path, field);
  if (!properties) {
    throw new Error(`${path}: ${field ?? type} has no example: write @ApiProperty({ example: … }) above it`);
  }
  const dto = schema.$ref?.replace(/.*\//, '') ?? field ?? 'body';
  return Object.fromEntries(
    Object.entries(properties).map(([name, property]) => [
      name,
      exampleOf(document, property, path, `${dto}.${name}`),
    ]),
  );
}

/** The body that an operation offers as its example; none where it takes a form. */
export function bodyExampleOf(document: OpenApi, { requestBody }: Operation, path: string): unknown {
  const { content } = requestBody ?? {};
  return content && 'application/json' in content
    ? exampleOf(document, content['application/json'].schema, path)
    : undefined;
}

/**
 * What takes a body that its example is; of executions only those that stand so do (executions-http.e2e-spec.ts), and
 * imports name a file that has to be there (imports.e2e-spec.ts).
 */
export function withExamples(places: readonly Place[]): Place[] {
  const all = places.filter(
    ({ operation: { requestBody }, path }) =>
      requestBody &&
      'application/json' in requestBody.content &&
      !('text/csv' in requestBody.content) &&
      !path.startsWith('/api/v1/executions/'),
  );
  if (all.length === 0) throw new Error('Nothing takes a body');
  return all;
}

/** What a value is made of: the names of its fields and the types of what they hold. */
export function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return [...new Set(value.map((item) => JSON.stringify(shapeOf(item))))];
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, shapeOf(field)]));
}
