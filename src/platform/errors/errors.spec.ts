import { describe, expect, it } from '@jest/globals';
import { ApiError, apiError, CATALOGUE, type ErrorCode, invalid, notFound, taken } from './errors.js';

describe('the catalogue of errors', () => {
  it.each(Object.entries(CATALOGUE))('has a status, a sentence and a level for %s', (code, entry) => {
    expect(code).toMatch(/^[A-Z][A-Z_]*[A-Z]$/);
    expect(entry.status).toBeGreaterThanOrEqual(400);
    expect(entry.status).toBeLessThan(600);
    expect(entry.message).toMatch(/^[A-Z].*[^.!\s]$/);
    const error = apiError(code as ErrorCode);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ code, status: entry.status, message: entry.message, level: entry.level });
    expect(error.details).toBeUndefined();
  });

  it('tells how to sign in with every 401, and when to come back with every 503', () => {
    const missing = Object.entries(CATALOGUE).filter(([, entry]) => {
      const headers: Readonly<Record<string, string>> = 'headers' in entry ? entry.headers : {};
      const needed = { 401: 'www-authenticate', 503: 'retry-after' }[entry.status as number];
      return needed !== undefined && headers[needed] === undefined;
    });
    expect(missing).toEqual([]);
  });
});

describe('an error', () => {
  it('keeps what caused it, for the log', () => {
    const cause = new Error('secret');
    expect(apiError('INTERNAL_ERROR', { cause }).cause).toBe(cause);
    expect(apiError('INTERNAL_ERROR', { cause }).message).not.toContain('secret');
  });

  it('names every fault of an input', () => {
    const details = [{ path: 'name', message: 'name is required' }];
    expect(invalid(details)).toMatchObject({ code: 'VALIDATION_ERROR', status: 400, details });
  });

  it.each([
    ['project', 'PROJECT_NOT_FOUND', 'Project not found'],
    ['blog post', 'BLOG_POST_NOT_FOUND', 'Blog post not found'],
  ])('says that there is no %s', (resource, code, message) => {
    expect(notFound(resource)).toMatchObject({ code, status: 404, message });
  });

  it.each([
    ['project', 'name', 'PROJECT_NAME_TAKEN'],
    ['blog post', 'slug', 'BLOG_POST_SLUG_TAKEN'],
  ])('says that a %s with this %s is taken', (resource, field, code) => {
    expect(taken(resource, field)).toMatchObject({ code, status: 409 });
    expect(taken(resource, field).message).toContain(`${resource} with this ${field}`);
  });
});
