import type { Method, Operation } from './operation.js';

const ETAG = {
  description: 'The version of the record.',
  schema: { type: 'string', example: '"1"' },
} as const;

/** Records with a version are answered with an ETag, and a reader who has it already may be told so. */
export function describeVersions(method: Method, operation: Operation): void {
  if (!operation['x-versioned']) return;
  for (const [status, response] of Object.entries(operation.responses)) {
    if (status.startsWith('2') && response && !('$ref' in response)) {
      response.headers = { ...response.headers, ETag: ETAG };
    }
  }
  if (method !== 'get') return;
  (operation.parameters ??= []).push({
    name: 'If-None-Match',
    in: 'header',
    required: false,
    description: 'ETags that the client has. When the record still has one of them: 304.',
    schema: { type: 'string', example: '"2"' },
  });
  operation.responses['304'] = { description: 'The client has this version.', headers: { ETag: ETAG } };
}
