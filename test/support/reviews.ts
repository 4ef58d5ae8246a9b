import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, Max, Min, ValidateNested } from 'class-validator';
import { List, Text } from '../../src/platform/validation/fields.js';

export class Place {
  @Text(1, 20)
  name!: string;
}

/** What a text is worth: a field of every kind. */
export class Review {
  @IsIn(['good', 'bad'])
  verdict!: string;

  @IsInt()
  @Min(1)
  @Max(5)
  stars!: number;

  @IsOptional()
  @Text(1, 100)
  reason?: string | null;

  @List(3)
  @Text(1, 20, { each: true })
  words!: string[];

  @ValidateNested()
  @Type(() => Place)
  place!: Place;
}

/** What a server of language models is asked. */
export interface Asked {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly response_format: unknown;
}

export const GOOD = { verdict: 'good', stars: 5, reason: null, words: ['fine'], place: { name: 'here' } };

/** As the class says it, for structured output. */
export const REVIEW_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['verdict', 'stars', 'reason', 'words', 'place'],
  properties: {
    verdict: { type: 'string', enum: ['good', 'bad'] },
    stars: { type: 'integer', description: 'maximum: 5, minimum: 1' },
    reason: { type: ['string', 'null'], description: 'minLength: 1, maxLength: 100' },
    words: {
      type: 'array',
      items: { type: 'string', description: 'minLength: 1, maxLength: 20' },
      description: 'maxItems: 3',
    },
    place: {
      type: 'object',
      additionalProperties: false,
      required: ['name'],
      properties: { name: { type: 'string', description: 'minLength: 1, maxLength: 20' } },
    },
  },
};
