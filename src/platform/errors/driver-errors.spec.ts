import { describe, expect, it } from '@jest/globals';
import mongoose from 'mongoose';
import { duplicateKeyOf, isOutage, isPoolExhausted } from './driver-errors.js';

const {
  MongoError,
  MongoServerError,
  MongoNetworkError,
  MongoNetworkTimeoutError,
  MongoBulkWriteError,
  MongoWriteConcernError,
} = mongoose.mongo;

const named = (name: string) => Object.defineProperty(new MongoError('text'), 'name', { value: name });
const labelled = (label: string) => {
  const error = new MongoError('text');
  error.addErrorLabel(label);
  return error;
};
const fromNode = (code: string) => Object.assign(new Error('text'), { code });
const answered = (code: number) => new MongoServerError({ message: 'text', code });
const unacknowledged = (code: number) =>
  new MongoWriteConcernError({ ok: 1, writeConcernError: { code, errmsg: 'text' } } as never);
const ofSeveral = (fields: object, acknowledgement?: number) =>
  new MongoBulkWriteError(
    { message: 'text', writeErrors: [], ...fields } as never,
    { getWriteConcernError: () => acknowledgement && { code: acknowledgement } } as never,
  );
/** As the driver wraps what fails an insert of several. */
const wrapped = (error: Error) => new MongoBulkWriteError(error as never, {} as never);
const duplicate = (fields: object) => new MongoServerError({ message: 'E11000 …', code: 11_000, ...fields });

it('tells that all connections are in use, for one write and for several', () => {
  const error = named('MongoWaitQueueTimeoutError');
  expect([error, wrapped(error), wrapped(named('other'))].map(isPoolExhausted)).toEqual([true, true, false]);
});

describe('an outage', () => {
  it.each<[string, unknown]>([
    ['a broken connection', new MongoNetworkError('text')],
    ['a connection that stays silent', new MongoNetworkTimeoutError('text')],
    ['no connection left in the pool', named('MongoWaitQueueTimeoutError')],
    ['a pool that was cleared', named('MongoPoolClearedError')],
    ['an operation that took too long', named('MongoOperationTimeoutError')],
    ['a connection that is not open', named('MongoNotConnectedError')],
    ['a write that may be tried again', labelled('RetryableWriteError')],
    ['anything that may be tried again', labelled('RetryableError')],
    ['a transaction that had no time left to begin anew', labelled('TransientTransactionError')],
    ['a transaction of which nobody knows how it ended', labelled('UnknownTransactionCommitResult')],
    ['no server at the start', new mongoose.Error.MongooseServerSelectionError('text')],
    ['a socket that the server has ended, as Node says it', fromNode('EPIPE')],
    ['a socket that the server has reset, as Node says it', fromNode('ECONNRESET')],
    ['a member that is no primary any more', answered(13_435)],
    ['a transaction that is gone', answered(251)],
    ['a cursor that is gone', answered(43)],
    ['an acknowledgement that took too long', unacknowledged(64)],
    ['an acknowledgement of a primary that stepped down', unacknowledged(189)],
    [
      'one of several writes that met a change of the set',
      ofSeveral({ writeErrors: { code: 11_602 } as never }),
    ],
    ['several writes that were not acknowledged', ofSeveral({}, 91)],
    ['no connection left for several writes', wrapped(named('MongoWaitQueueTimeoutError'))],
    ['hosts that the DNS does not know', Object.assign(fromNode('ENOTFOUND'), { syscall: 'querySrv' })],
  ])('is %s', (_, error) => {
    expect(isOutage(error)).toBe(true);
  });

  it.each<[string, unknown]>([
    ['a refused operation', new MongoServerError({ message: 'text', code: 121 })],
    ['a refused one of several writes', ofSeveral({ writeErrors: { code: 121 } as never })],
    ['a host that something else asks for', Object.assign(fromNode('ENOTFOUND'), { syscall: 'getaddrinfo' })],
    ['a duplicate key', duplicate({ keyPattern: { name: 1 } })],
    ['a value that mongoose cannot cast', new mongoose.Error.CastError('ObjectId', 'x', '_id')],
    ['a document that is not valid', new mongoose.Error.ValidationError()],
    ['a fault of ours', new TypeError('MongoNetworkError')],
    ['an object that looks like one', { name: 'MongoNetworkError' }],
    ['an object that looks like a broken socket', { code: 'EPIPE' }],
    ['a missing file', fromNode('ENOENT')],
    ['nothing', undefined],
    ['null', null],
    ['a text', 'MongoNetworkError'],
  ])('is not %s', (_, error) => {
    expect(isOutage(error)).toBe(false);
  });
});

describe('a duplicate key', () => {
  it('tells the fields of the index, in their order', () => {
    const error = duplicate({
      keyPattern: { ownerId: 1, name: 1 },
      keyValue: { ownerId: '1', name: 'secret' },
    });
    expect(duplicateKeyOf(error)).toEqual(['ownerId', 'name']);
  });

  it('is known without its fields, and among many writes', () => {
    expect(duplicateKeyOf(duplicate({}))).toEqual([]);
    const bulk = new MongoBulkWriteError({ message: 'E11000 …', code: 11_000, writeErrors: [] }, {} as never);
    expect(duplicateKeyOf(bulk)).toEqual([]);
  });

  it.each<unknown>([
    new MongoServerError({ message: 'E11000 …', code: 11_001 }),
    new MongoServerError({ message: 'E11000 …' }),
    Object.assign(new Error('E11000 …'), { code: 11_000 }),
    { code: 11_000, keyPattern: { name: 1 } },
    undefined,
    null,
  ])('is not %p', (error) => {
    expect(duplicateKeyOf(error)).toBeUndefined();
  });
});
