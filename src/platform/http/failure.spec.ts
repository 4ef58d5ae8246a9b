import { describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { apiError, invalid } from '../errors/errors.js';
import { failureBody, toApiError } from './failure.js';

const fastifyError = (code: string, statusCode: number) =>
  Object.assign(new Error('text'), { code, statusCode });

describe('what anything that is thrown becomes', () => {
  it('is itself when it is coded', () => {
    const error = apiError('FORBIDDEN');
    expect(toApiError(error)).toBe(error);
  });

  it.each([
    ['FST_ERR_CTP_INVALID_MEDIA_TYPE', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['FST_ERR_CTP_BODY_TOO_LARGE', 413, 'PAYLOAD_TOO_LARGE'],
    ['FST_ERR_BAD_URL', 400, 'VALIDATION_ERROR'],
    ['FST_ERR_MAX_PARAM_LENGTH', 414, 'ROUTE_NOT_FOUND'],
    ['FST_ERR_CTP_INVALID_JSON_BODY', 400, 'MALFORMED_JSON'],
    ['FST_PLUGIN_OF_SOMEBODY', 400, 'VALIDATION_ERROR'],
    ['FST_ERR_SEND_INSIDE_ONERR', 500, 'INTERNAL_ERROR'],
  ])('is known for %s', (code, status, expected) => {
    expect(toApiError(fastifyError(code, status)).code).toBe(expected);
  });

  it('is DATABASE_UNAVAILABLE for an outage', () => {
    const outage = new mongoose.mongo.MongoNetworkError('connection refused');
    expect(toApiError(outage)).toMatchObject({ code: 'DATABASE_UNAVAILABLE', status: 503, cause: outage });
  });

  it.each([undefined, null, 'text', 7, {}, { code: 7 }, new Error('secret'), Object.create(null)])(
    'is INTERNAL_ERROR for %p, which is kept for the log',
    (thrown) => {
      const error = toApiError(thrown);
      expect(error).toMatchObject({ code: 'INTERNAL_ERROR', status: 500 });
      expect(error.cause).toBe(thrown);
      expect(JSON.stringify(failureBody(error, 'r1'))).not.toContain('secret');
    },
  );
});

describe('the body of a failure', () => {
  it('has details only where there are any', () => {
    expect(failureBody(apiError('FORBIDDEN'), 'r1')).toEqual({
      success: false,
      error: 'You may not do this',
      code: 'FORBIDDEN',
      requestId: 'r1',
    });
    const details = [{ path: 'name', message: 'name is required' }];
    expect(failureBody(invalid(details), 'r1')).toMatchObject({ code: 'VALIDATION_ERROR', details });
  });
});
