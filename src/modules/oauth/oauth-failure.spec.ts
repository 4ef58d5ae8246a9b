import { expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { apiError } from '../../platform/errors/errors.js';
import { failureOf } from './oauth-failure.js';

const { MongoNetworkError } = mongoose.mongo;

it.each<[string, unknown, string]>([
  ['the database', new MongoNetworkError('connection 7 closed'), 'DATABASE_UNAVAILABLE'],
  ['the product itself', apiError('OVERLOADED'), 'OVERLOADED'],
  ['the provider', new TypeError('fetch failed'), 'PROVIDER_UNAVAILABLE'],
  ['an answer that makes no sense', new Error('/user tells no id'), 'SIGN_IN_FAILED'],
])('blames %s for its own errors', (_, cause, code) => {
  expect(failureOf(cause).error.code).toBe(code);
});
