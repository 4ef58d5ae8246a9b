import { DeclarationError } from '../../platform/errors/start-error.js';
import { type JsonSchema, schemaOf } from '../../platform/validation/json-schema.js';
import type { Constructor } from '../../platform/validation/rules.js';

/** JSON Schema as structured output takes it. */
export type AnswerSchema = Readonly<Record<string, unknown>>;

/**
 * The schema of a DTO class for a language model. OpenAI's structured output supports few keywords, and requires every
 * field and no others; null stands for optional values. Bounds are described in words, and checked afterwards.
 * @throws DeclarationError for a field whose shape the class does not say
 */
export function answerSchemaOf(type: Constructor): AnswerSchema {
  return strict(schemaOf(type), type.name);
}

function strict(schema: JsonSchema, path: string): AnswerSchema {
  const { type, nullable, properties, items, enum: choices, required: _, ...bounds } = schema;
  const hasShape = type === 'object' ? properties !== undefined : type !== undefined || choices !== undefined;
  if (!hasShape || (type === 'array' && !items)) {
    throw new DeclarationError(
      `${path}: a language model can fill in texts, numbers, booleans, choices, lists and objects of these: declare what it holds with class-validator`,
    );
  }
  const description = Object.entries(bounds).map(([word, value]) => `${word}: ${JSON.stringify(value)}`);
  return {
    ...(type && { type: nullable ? [type, 'null'] : type }),
    ...(choices && { enum: choices }),
    ...(items && { items: strict(items, `${path}[]`) }),
    ...(properties && {
      properties: Object.fromEntries(
        Object.entries(properties).map(([name, each]) => [name, strict(each, `${path}.${name}`)]),
      ),
      required: Object.keys(properties),
      additionalProperties: false,
    }),
    ...(description.length > 0 && { description: description.join(', ') }),
  };
}
