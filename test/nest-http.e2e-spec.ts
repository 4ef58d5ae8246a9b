import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { addLab } from './support/nest-lab.js';
import { createTestApp, type TestApp } from './support/test-app.js';

addLab();

const LAB = '/api/v1/lab';

describe('what a Nest developer writes by the book', () => {
  let test: TestApp;

  beforeAll(async () => {
    test = await createTestApp();
  });
  afterAll(() => test.close());

  it.each([
    ['not-found', '404 NOT_FOUND', 'No such order'],
    ['conflict', '409 CONFLICT', 'Conflict'],
    ['forbidden', '403 FORBIDDEN', 'Not on Sundays'],
    ['unauthorized', '401 UNAUTHENTICATED', 'Unauthorized'],
    ['teapot', '418 CLIENT_ERROR', 'Short and stout'],
    ['object', '403 FORBIDDEN', 'This is a custom message'],
    ['coded', '404 ANGLER_AWAY', 'Gone fishing'],
    ['vanished', '410 CLIENT_ERROR', 'The order is gone'],
    ['limited', '429 RATE_LIMITED', 'Slow down'],
    ['wrapped', '409 CONFLICT', 'The record was changed at the same time; read it again and retry'],
    ['internal', '500 INTERNAL_ERROR', 'Something went wrong on our side'],
    ['gateway', '502 INTERNAL_ERROR', 'Something went wrong on our side'],
    ['unavailable', '503 SERVICE_UNAVAILABLE', 'This is not available now; try again later'],
    ['plugin', '402 CLIENT_ERROR', 'The request cannot be answered as it was sent'],
    // Of a client's request to another server, which tells nothing about this one.
    ['client', '500 INTERNAL_ERROR', 'Something went wrong on our side'],
    ['odd', '500 INTERNAL_ERROR', 'Something went wrong on our side'],
    ['mine', '418 MINE', 'Mine'],
  ])('throws %s → %s', async (kind, outcome, error) => {
    const answer = await test.anonymous.get(`${LAB}/throws?kind=${kind}`);
    expect({ outcome: answer.outcome, error: answer.body.error }).toEqual({ outcome, error });
  });

  it('lists the messages of an exception as details', async () => {
    const { outcome, body } = await test.anonymous.get(`${LAB}/throws?kind=list`);
    expect(outcome).toBe('400 VALIDATION_ERROR');
    expect(body.details).toEqual([
      { path: '', message: 'name is odd' },
      { path: '', message: 'size is even' },
    ]);
  });

  it('refuses for a guard that says no', async () => {
    expect((await test.anonymous.get(`${LAB}/closed`)).outcome).toBe('403 FORBIDDEN');
  });

  it('says in the log what to read instead where a guard reads request.user, which nobody has set', async () => {
    const person = await test.anonymous.signIn();
    expect((await person.get(`${LAB}/unknown-user`)).outcome).toBe('500 INTERNAL_ERROR');
    expect(test.logs.map(({ err }) => (err as Error | undefined)?.message)).toContainEqual(
      expect.stringContaining('request.user is not set: request.caller is who is signed in'),
    );
  });

  it('lets a guard set request.user for those behind it', async () => {
    const person = await test.anonymous.signIn();
    expect((await person.get(`${LAB}/own-user`)).body.data).toEqual({ name: 'user' });
    // It is set for that request alone.
    expect((await person.get(`${LAB}/unknown-user`)).status).toBe(500);
  });

  it('asks the filters of the route, then those of the application, then the product’s own', async () => {
    const outcomeOf = async (kind: string) =>
      (await test.anonymous.get(`${LAB}/filtered?kind=${kind}`)).outcome;
    expect(await outcomeOf('not-found')).toBe('404 LOST');
    expect(await outcomeOf('mine')).toBe('418 MINE');
    expect(await outcomeOf('conflict')).toBe('409 CONFLICT');
  });

  it('takes pipes on a parameter of the path', async () => {
    expect((await test.anonymous.get(`${LAB}/numbers/7`)).body.data).toEqual({ name: 'number 7' });
    const { outcome, body } = await test.anonymous.get(`${LAB}/numbers/seven`);
    expect([outcome, body.error]).toEqual([
      '400 VALIDATION_ERROR',
      'Validation failed (numeric string is expected)',
    ]);
  });

  it('lets interceptors change an answer, and warns once of fields that no answer declares', async () => {
    expect((await test.anonymous.get(`${LAB}/shouted`)).body.data).toEqual({ name: 'QUIET' });
    for (let times = 0; times < 2; times++) {
      expect((await test.anonymous.get(`${LAB}/added`)).body.data).toEqual({ name: 'added' });
    }
    const warnings = test.logs.filter(({ event }) => event === 'answer_field_dropped');
    expect(warnings).toEqual([
      expect.objectContaining({
        msg: `GET ${LAB}/added: the answer declares no field "served", so it is not sent; declare it in LabDto`,
      }),
    ]);
  });

  it.each(['undefined', 'null', 'text', 'list', 'number'])(
    'answers one envelope where a handler returns %s, and logs the route',
    async (kind) => {
      const before = test.logs.length;
      const { status, body, headers } = await test.anonymous.get(`${LAB}/nothing?kind=${kind}`);
      expect([status, body]).toEqual([200, { success: true, data: null }]);
      expect(headers['content-type']).toBe('application/json; charset=utf-8');
      expect(test.logs.slice(before).map(({ level, msg }) => [level, msg])).toContainEqual([
        'error',
        `GET ${LAB}/nothing: the handler returned no LabDto, so data is null`,
      ]);
    },
  );

  it('answers one envelope where a handler returns no list', async () => {
    expect((await test.anonymous.get(`${LAB}/nothings`)).body).toEqual({ success: true, data: null });
  });

  it('warns of what a handler returns beside a message', async () => {
    expect((await test.anonymous.get(`${LAB}/told`)).body).toEqual({ success: true, message: 'Told' });
    expect(test.logs.map(({ msg }) => msg)).toContain(
      `GET ${LAB}/told: only its message is sent, not what the handler returns; write @Answers(Dto)`,
    );
  });
});
