import type { OpenAPIObject } from '@nestjs/swagger';
import type { Operation } from './operation.js';

type Headers = NonNullable<NonNullable<OpenAPIObject['components']>['headers']>;

/** Headers that answers of many operations have; they refer to these. */
export const HEADERS = {
  RateLimit: {
    description: 'Requests that are left (`r`), and seconds until there are as many as at first (`t`).',
    schema: { type: 'string', example: '"default";r=299;t=60' },
  },
  RateLimitPolicy: {
    description: 'Requests (`q`) that an address may send in so many seconds (`w`).',
    schema: { type: 'string', example: '"default";q=300;w=60' },
  },
  CacheControl: {
    description: 'Answers of the API are for the caller alone; `no-store` where they hold secrets.',
    schema: { type: 'string', enum: ['private, no-cache', 'no-store'] },
  },
  Location: {
    description: 'Where what was created stands.',
    schema: { type: 'string', example: '/api/v1/projects/66f1a0c2e4b0a1b2c3d4e5f6' },
  },
} satisfies Headers;

const refer = (name: keyof typeof HEADERS) => ({ $ref: `#/components/headers/${name}` });

/** Says which headers the answers of an operation of the API have. */
export function describeHeaders(operation: Operation): void {
  for (const [status, response] of Object.entries(operation.responses)) {
    if (!response || '$ref' in response) continue;
    response.headers = {
      ...response.headers,
      'Cache-Control': refer('CacheControl'),
      RateLimit: refer('RateLimit'),
      'RateLimit-Policy': refer('RateLimitPolicy'),
      ...(status === '201' && { Location: refer('Location') }),
    };
  }
}
