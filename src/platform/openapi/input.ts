import type { OpenAPIObject } from '@nestjs/swagger';
import { type Operation, parametersOf } from './operation.js';

type Schema = Exclude<
  NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string],
  { $ref: string }
>;

/** A parameter is sent or left out; there is no null that could be sent. The example of several values may be one. */
export function describeParameters(operation: Operation): void {
  for (const { schema } of parametersOf(operation)) {
    if (!schema || '$ref' in schema) continue;
    delete schema.nullable;
    const { type, example } = schema as { type?: unknown; example?: unknown };
    if (type === 'array' && example !== undefined) schema.example = [example].flat();
    if (schema.enum) schema.enum = schema.enum.filter((value) => value !== null);
  }
}

/** The schema of what an operation takes as its body, if it takes one. */
export function bodySchemaOf({ requestBody }: Operation, document: OpenAPIObject): Schema | undefined {
  const schema = requestBody && 'content' in requestBody && requestBody.content['application/json']?.schema;
  if (!schema || !('$ref' in schema)) return undefined;
  const named = document.components?.schemas?.[schema.$ref.split('/').at(-1) ?? ''];
  return named && !('$ref' in named) ? named : undefined;
}

/** Fields that a body does not declare are refused. */
export function closeBody(operation: Operation, document: OpenAPIObject): void {
  const schema = bodySchemaOf(operation, document);
  if (schema) schema.additionalProperties = false;
}
