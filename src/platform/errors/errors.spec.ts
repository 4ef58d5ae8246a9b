import { describe, expect, it } from '@jest/globals';
import {
  aOrAn,
  ApiError,
  apiError,
  CATALOGUE,
  type ErrorCode,
  invalid,
  notFoundError,
  takenError,
} from './errors.js';

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
    ['API key', 'API_KEY_NOT_FOUND', 'API key not found'],
  ])('says that there is no %s', (resource, code, message) => {
    expect(apiError(notFoundError(resource))).toMatchObject({ code, status: 404, message });
  });

  it.each([
    ['project', 'name', 'PROJECT_NAME_TAKEN', 'a project with this name'],
    ['invoice', 'customerEmail', 'INVOICE_CUSTOMER_EMAIL_TAKEN', 'an invoice with this customer email'],
    ['blog post', 'slug', 'BLOG_POST_SLUG_TAKEN', 'a blog post with this slug'],
    ['API key', 'line2Text', 'API_KEY_LINE2_TEXT_TAKEN', 'an API key with this line2 text'],
  ])('says that there is a %s with this %s', (resource, field, code, what) => {
    expect(apiError(takenError(resource, field))).toMatchObject({
      code,
      status: 409,
      message: `There is already ${what}`,
    });
  });

  it.each([
    'an invoice',
    'an order',
    'an API key',
    'an unidentified object',
    'a project',
    'a user',
    'a unit',
    'a one-time code',
    'a European address',
    'a usage',
  ])('speaks of %s', (words) => {
    expect(aOrAn(words.slice(words.indexOf(' ') + 1))).toBe(words);
  });
});
