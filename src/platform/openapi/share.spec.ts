import { expect, it } from '@jest/globals';
import type { OpenAPIObject } from '@nestjs/swagger';
import { shareAnswers } from './share.js';

it('takes no example for a schema, though it has a title', () => {
  const answer = (name: string) => ({
    description: 'The record',
    content: {
      'application/json': {
        schema: { title: name, type: 'object', example: { title: 'A title', name } } as const,
      },
    },
  });
  const document: OpenAPIObject = {
    openapi: '3.1.0',
    info: { title: 'Two features', version: '1' },
    paths: {
      '/jobs': { get: { responses: { 200: answer('JobAnswer') } } },
      '/devices': { get: { responses: { 200: answer('DeviceAnswer') } } },
    },
  };
  shareAnswers(document);
  expect(document.components?.schemas).toEqual({
    JobAnswer: { type: 'object', example: { title: 'A title', name: 'JobAnswer' } },
    DeviceAnswer: { type: 'object', example: { title: 'A title', name: 'DeviceAnswer' } },
  });
});
