import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { getMetadataStorage } from 'class-validator';
import { fieldSchema } from './json-schema.js';
import { type Constructor, rulesOf } from './rules.js';

/** Where @ApiProperty keeps what it was given; the package does not export the name. */
const API_PROPERTY = 'swagger/apiModelProperties';

const described = new WeakSet<Constructor>();

/** Whether a class declares fields with class-validator. */
export function isDto(type: unknown): type is Constructor {
  return (
    typeof type === 'function' &&
    getMetadataStorage().getTargetValidationMetadatas(type, '', false, false).length > 0
  );
}

/**
 * Tells Swagger what the class-validator decorators of a DTO class say, so that nobody says it twice.
 * `@ApiProperty` on a field adds what rules cannot know: a description and an example.
 */
export function describe(type: Constructor): void {
  if (described.has(type)) return;
  described.add(type);
  const defaults = new type() as Record<string, unknown>;
  for (const field of rulesOf(type)) {
    const { prototype } = type as { prototype: object };
    const explicit = (Reflect.getMetadata(API_PROPERTY, prototype, field.name) ?? {}) as object;
    const { nested } = field;
    if (nested) describe(nested);
    const schema = nested ? { type: () => nested } : fieldSchema(field);
    const fallback = defaults[field.name];
    ApiProperty({
      ...explicit,
      ...schema,
      required: !field.optional,
      ...(fallback !== undefined && { default: fallback }),
    } as ApiPropertyOptions)(prototype, field.name);
  }
}
