import { createHmac, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { CryptoConfig } from '../src/platform/crypto/crypto.config.js';
import { PROJECTS } from './support/projects.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { ME, USERS } from './support/users.js';
import { PRODUCT } from '../src/product/product.js';

const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A JSON Web Token, made without the product. `hash` is empty for a token without a signature. */
function tokenOf(
  claims: object,
  secret: string,
  header: object = { alg: 'HS256', typ: 'JWT' },
  hash = 'sha256',
) {
  const content = `${base64url(header)}.${base64url(claims)}`;
  const signature = hash === '' ? '' : createHmac(hash, secret).update(content).digest('base64url');
  return `${content}.${signature}`;
}

/** The token that a signed-in caller sends. */
function tokenFor(caller: TestClient): string {
  return caller.headers['authorization']?.replace('Bearer ', '') ?? '';
}

describe('access tokens', () => {
  let test: TestApp;
  let secret: string;
  let user: TestClient;
  let claims: Record<string, unknown>;
  const now = Math.floor(Date.now() / 1000);

  beforeAll(async () => {
    test = await createTestApp();
    secret = test.config.of(CryptoConfig).jwtSecret;
  });
  beforeEach(async () => {
    user = await test.anonymous.signIn();
    const [, payload = ''] = tokenFor(user).split('.');
    claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  });
  afterAll(() => test.close());

  const me = (authorization: string) => test.anonymous.get(ME, { authorization });
  const changeUser = (fields: object) =>
    test.connection.collection('users').updateOne({ _id: new Types.ObjectId(user.userId) }, { $set: fields });

  it('say who somebody is for an hour, and nothing else', () => {
    expect(claims).toEqual({
      sub: user.userId,
      sid: user.sessionId,
      gen: 1,
      iss: PRODUCT.key,
      aud: `${PRODUCT.key}-api`,
      iat: expect.any(Number),
      exp: (claims['iat'] as number) + 3600,
    });
  });

  it('are accepted in the form that others make, too', async () => {
    expect((await me(`Bearer ${tokenOf(claims, secret)}`)).status).toBe(200);
  });

  it.each(['bearer', 'BEARER', 'bEaReR'])('are accepted behind %s', async (scheme) => {
    expect((await me(`${scheme} ${tokenFor(user)}`)).status).toBe(200);
  });

  it.each([
    ['nothing', () => ''],
    ['a scheme alone', () => 'Bearer'],
    ['an empty token', () => 'Bearer '],
    ['the token alone', () => tokenFor(user)],
    ['another scheme', () => `Basic ${tokenFor(user)}`],
    ['a scheme that only begins alike', () => `Bearers ${tokenFor(user)}`],
    ['more than a token', () => `Bearer ${tokenFor(user)} x`],
    ['two tokens', () => `Bearer ${tokenFor(user)}, Bearer ${tokenFor(user)}`],
    ['garbage', () => 'Bearer garbage'],
    ['three empty parts', () => 'Bearer ..'],
    ['parts that are no JSON', () => 'Bearer AAAA.BBBB.CCCC'],
    ['12 KiB', () => `Bearer ${'a'.repeat(12 * 1024)}`],
  ])('%s is refused with 401', async (_, authorization) => {
    const answer = await me(authorization());
    expect([answer.outcome, answer.headers['www-authenticate']]).toEqual(['401 UNAUTHENTICATED', 'Bearer']);
  });

  it.each([
    ['another secret', () => tokenOf(claims, randomBytes(48).toString('base64'))],
    ['an empty secret', () => tokenOf(claims, '')],
    ['no signature', () => tokenOf(claims, secret, undefined, '')],
    ['the algorithm none', () => tokenOf(claims, secret, { alg: 'none' }, '')],
    ['the algorithm none, signed', () => tokenOf(claims, secret, { alg: 'none' })],
    ['the algorithm NONE', () => tokenOf(claims, secret, { alg: 'NONE' }, '')],
    ['HS512', () => tokenOf(claims, secret, { alg: 'HS512' }, 'sha512')],
    ['HS384', () => tokenOf(claims, secret, { alg: 'HS384' }, 'sha384')],
    ['RS256 in the header only', () => tokenOf(claims, secret, { alg: 'RS256' })],
    ['no algorithm', () => tokenOf(claims, secret, { typ: 'JWT' })],
    [
      'an extension that must be understood',
      () => tokenOf(claims, secret, { alg: 'HS256', crit: ['b64'], b64: true }),
    ],
    ['a signature cut short', () => tokenFor(user).slice(0, -4)],
    [
      'the payload of another user',
      () => {
        const [head, , signature] = tokenFor(user).split('.');
        return [head, base64url({ ...claims, sub: 'f'.repeat(24) }), signature].join('.');
      },
    ],
  ])('with %s are refused', async (_, token) => {
    expect((await me(`Bearer ${token()}`)).outcome).toBe('401 UNAUTHENTICATED');
  });

  it.each([
    ['an expiry in the past', { exp: now - 1 }],
    ['no expiry', { exp: undefined }],
    ['an expiry that is a text', { exp: String(now + 3600) }],
    ['no time of issue', { iat: undefined }],
    ['a time before which they must not be used', { nbf: now + 600 }],
    ['another issuer', { iss: 'somebody' }],
    ['no issuer', { iss: undefined }],
    ['another audience', { aud: 'somebody' }],
    ['no audience', { aud: undefined }],
    ['no subject', { sub: undefined }],
    ['an unknown subject', { sub: 'f'.repeat(24) }],
    ['a subject that is no id', { sub: 'admin' }],
    ['a subject that is an object', { sub: { $ne: null } }],
    ['a subject that is a list', { sub: ['f'.repeat(24)] }],
  ])('with %s are refused', async (_, changed) => {
    const token = tokenOf({ ...claims, ...changed }, secret);
    expect((await me(`Bearer ${token}`)).outcome).toBe('401 UNAUTHENTICATED');
  });

  it('end when they expire, also where they were just accepted', async () => {
    const soon = Math.floor(Date.now() / 1000) + 2;
    const token = tokenOf({ ...claims, exp: soon }, secret);
    const statusOf = async () => (await test.anonymous.get(ME, { authorization: `Bearer ${token}` })).status;
    expect([await statusOf(), await statusOf()]).toEqual([200, 200]);
    await new Promise((resolve) => setTimeout(resolve, soon * 1000 - Date.now() + 50));
    expect(await statusOf()).toBe(401);
  });

  it('are worth nothing in a cookie, in the address or in a body', async () => {
    const token = tokenFor(user);
    const cookie = ['access_token', 'accessToken', 'token', 'session', 'Authorization']
      .map((name) => `${name}=${encodeURIComponent(`Bearer ${token}`)}; ${name}=${token}`)
      .join('; ');
    const answers = [
      await test.anonymous.get(ME, { cookie }),
      await test.anonymous.get(`${ME}?access_token=${token}`),
      await test.anonymous.get(ME, { 'x-access-token': token, 'x-api-key': token }),
      await test.anonymous.post(PROJECTS, { name: 'x', accessToken: token }, { cookie }),
    ];
    expect(new Set(answers.map(({ outcome }) => outcome))).toEqual(new Set(['401 UNAUTHENTICATED']));
  });

  it('outweigh cookies', async () => {
    const { body } = await user.get(ME, { cookie: `token=${tokenFor(await test.anonymous.signIn())}` });
    expect(body.data.id).toBe(user.userId);
  });

  /** A change that another process makes in the database is known here after a second at most. */
  const untilKnown = () => new Promise((resolve) => setTimeout(resolve, 1_050));

  describe('act as the user is, a second after a change in the database:', () => {
    it('disabled is 401', async () => {
      expect((await user.get(ME)).status).toBe(200);
      await changeUser({ disabled: true });
      await untilKnown();
      expect((await user.get(ME)).outcome).toBe('401 UNAUTHENTICATED');
      expect((await user.get(PROJECTS)).outcome).toBe('401 UNAUTHENTICATED');
      await changeUser({ disabled: false });
      await untilKnown();
      expect((await user.get(ME)).status).toBe(200);
    });

    it('promoted is permitted, demoted is forbidden', async () => {
      for (const [role, outcome] of [
        ['user', '403 FORBIDDEN'],
        ['moderator', '200'],
        ['admin', '200'],
        ['user', '403 FORBIDDEN'],
      ]) {
        await changeUser({ role });
        await untilKnown();
        expect((await user.get(USERS)).outcome).toBe(outcome);
      }
    });

    it('deleted is 401', async () => {
      await test.connection.collection('users').deleteOne({ _id: new Types.ObjectId(user.userId) });
      await untilKnown();
      expect((await user.get(ME)).outcome).toBe('401 UNAUTHENTICATED');
    });
  });
});
