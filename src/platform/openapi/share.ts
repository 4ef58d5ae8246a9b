import { isDeepStrictEqual } from 'node:util';
import type { OpenAPIObject } from '@nestjs/swagger';
import { DeclarationError } from '../errors/start-error.js';
import { operationsOf } from './operation.js';

type Components = NonNullable<OpenAPIObject['components']>;
type Kind = 'schemas' | 'responses' | 'examples';

/** Puts something under its name into the components, and returns the reference to it. */
function share(components: Components, kind: Kind, name: string, value: object): { $ref: string } {
  const known = ((components[kind] as Record<string, object> | undefined) ??= {});
  if (known[name] && !isDeepStrictEqual(known[name], value)) {
    throw new DeclarationError(
      `The OpenAPI document has two ${kind} called ${name}: rename the class of one of them`,
    );
  }
  known[name] = value;
  return { $ref: `#/components/${kind}/${name}` };
}

/** `PROJECT_NOT_FOUND` → `ProjectNotFound` */
function pascalCase(code: string): string {
  return code.toLowerCase().replaceAll(/(?:^|_)(.)/g, (_, first: string) => first.toUpperCase());
}

/** What of a schema is data and no schema, whatever its fields are called. */
const DATA = new Set(['example', 'examples', 'default', 'enum', 'const']);

/** The value with each schema in it that has a title replaced by a reference to the component of that name. */
function withNames(components: Components, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => withNames(components, item));
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(
    ([name, field]) => [name, DATA.has(name) ? field : withNames(components, field)] as const,
  );
  const { title, ...copy } = Object.fromEntries(fields);
  return typeof title === 'string' ? share(components, 'schemas', title, copy) : Object.fromEntries(fields);
}

/**
 * Gives the answers' schemas names, by which generated clients call them, and says each failure once: operations
 * refer to what they share.
 */
export function shareAnswers(document: OpenAPIObject): void {
  const components = (document.components ??= {});
  for (const { operation } of operationsOf(document)) {
    for (const [status, response] of Object.entries(operation.responses)) {
      const json = response && 'content' in response ? response.content?.['application/json'] : undefined;
      if (!json) continue;
      json.schema = withNames(components, json.schema) as NonNullable<typeof json.schema>;
      const examples = Object.entries(json.examples ?? {});
      if (examples.length === 0) continue;
      json.examples = Object.fromEntries(
        examples.map(([code, example]) => [code, share(components, 'examples', code, example)]),
      );
      const name = examples.map(([code]) => pascalCase(code)).join('Or');
      operation.responses[status] = share(components, 'responses', name, response as object);
    }
  }
}
