import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { getMetadataStorage } from 'class-validator';
import { fieldSchema } from './json-schema.js';
import { type Constructor, type FieldRules, rulesOf } from './rules.js';

/** The metadata key of @ApiProperty; the package does not export it. */
const API_PROPERTY = 'swagger/apiModelProperties';

/** Without a declaration, Swagger uses TypeScript's type, which is an object for `unknown`. */
function anyJson(field: FieldRules): object {
  const has = (check: string): boolean => field.checks.some(({ name }) => name === check);
  if (!has('isJson')) return {};
  const isNullable = !has('isDefined');
  return {
    nullable: undefined,
    anyOf: [
      { type: 'object', additionalProperties: true, ...(isNullable && { nullable: true }) },
      { type: 'array', items: {} },
      { type: 'string' },
      { type: 'number' },
      { type: 'boolean' },
    ],
  };
}

const described = new Set<Constructor>();

/** Whether a class declares fields with class-validator. */
export function isDto(type: unknown): type is Constructor {
  return (
    typeof type === 'function' &&
    getMetadataStorage().getTargetValidationMetadatas(type, '', false, false).length > 0
  );
}

/**
 * Derives Swagger's metadata from the class-validator decorators of a DTO class, so that nothing is declared twice.
 * `@ApiProperty` on a field adds what rules cannot know: a description and an example.
 */
export function describe(type: Constructor): void {
  if (described.has(type)) return;
  described.add(type);
  for (const field of rulesOf(type)) describeField(type, field);
}

/** The same for a field that was added to a class; the class and its subclasses may have been described already. */
export function describeAdded(type: Constructor, name: string): void {
  for (const each of described) {
    if (each !== type && !(each.prototype instanceof type)) continue;
    const field = rulesOf(each).find((rules) => rules.name === name);
    if (field) describeField(each, field);
  }
}

function describeField(type: Constructor, field: FieldRules): void {
  const { prototype } = type as { prototype: object };
  const explicit = (Reflect.getMetadata(API_PROPERTY, prototype, field.name) ?? {}) as ApiPropertyOptions;
  const description = [explicit.description, ...field.notes].filter(Boolean).join(' ');
  const fallback = (new type() as Record<string, unknown>)[field.name];
  ApiProperty({
    ...explicit,
    ...(description && { description }),
    ...(field.nested ? referenceTo(field.nested, field) : fieldSchema(field)),
    ...anyJson(field),
    // It stands beside a type only.
    ...('anyOf' in explicit && { nullable: undefined }),
    required: !field.optional && fallback === undefined,
    ...(fallback !== undefined && { default: fallback }),
  } as ApiPropertyOptions)(prototype, field.name);
}

/** The documentation of a field whose class has been described: description, example, default. */
export function documentationOf({ prototype }: { prototype: object }, field: string): ApiPropertyOptions {
  return (Reflect.getMetadata(API_PROPERTY, prototype, field) ?? {}) as ApiPropertyOptions;
}

/** A nested DTO, or a list of them, by its name: Swagger describes each class once. */
function referenceTo(nested: Constructor, field: FieldRules): object {
  describe(nested);
  const { nested: _nested, ...own } = field;
  const { type, items: _items, ...keywords } = fieldSchema(own);
  return { ...keywords, type: () => nested, isArray: type === 'array' };
}
