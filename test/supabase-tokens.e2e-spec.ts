import { createHmac } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { exportSPKI, importJWK, type JWTPayload } from 'jose';
import { CryptoConfig } from '../src/platform/crypto/crypto.config.js';
import { newSigningKey, type Person, SupabaseProject } from './support/supabase.js';
import { withToken } from './support/supabase-clients.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import { ME, USERS } from './support/users.js';

const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token made by hand: what a library would refuse to make. */
function forge(header: object, claims: object, sign: (content: string) => string = () => ''): string {
  const content = `${base64url(header)}.${base64url(claims)}`;
  return `${content}.${sign(content)}`;
}

const hs256 = (secret: string | Buffer) => (content: string) =>
  createHmac('sha256', secret).update(content).digest('base64url');

describe('access tokens of a Supabase project', () => {
  let project: SupabaseProject;
  let test: TestApp;
  let person: Person;
  let claims: JWTPayload;

  beforeAll(async () => {
    project = await SupabaseProject.start();
    test = await createTestApp(project.env);
  });
  beforeEach(() => {
    person = project.person();
    claims = project.claims(person);
  });
  afterEach(() => void jest.restoreAllMocks());
  afterAll(async () => {
    await test.close();
    await project.close();
  });

  const me = async (token: string, app = test) => (await withToken(app, token).get(ME)).outcome;
  const publicKey = () => project.keys[0]?.jwk ?? {};
  const headerOf = (alg: string) => ({ alg, typ: 'JWT', kid: publicKey().kid });

  it('sign in with ES256 and with RS256', async () => {
    const rsa = await newSigningKey('RS256');
    const other = await SupabaseProject.start();
    other.keys = [rsa, ...other.keys];
    const app = await createTestApp(other.env);
    try {
      for (const key of other.keys) {
        expect(await me(await other.token(other.person(), {}, key), app)).toBe('200');
      }
    } finally {
      await app.close();
      await other.close();
    }
  });

  it('with a payload that was changed are refused', async () => {
    const [header, , signature] = (await project.token(person)).split('.');
    const payload = base64url({ ...claims, sub: project.person().id });
    expect(await me([header, payload, signature].join('.'))).toBe('401 UNAUTHENTICATED');
  });

  describe('forged', () => {
    it.each([
      ['by nobody, alg none', () => forge({ alg: 'none', typ: 'JWT' }, claims)],
      ['by nobody, alg none with a key id', () => forge(headerOf('none'), claims)],
      ['by nobody, alg ES256', () => forge(headerOf('ES256'), claims)],
      ['by nobody, without alg', () => forge({ typ: 'JWT' }, claims)],
      ['by HS256 and an empty secret', () => forge(headerOf('HS256'), claims, hs256(''))],
      [
        'by HS256 and the public key as JSON',
        () => forge(headerOf('HS256'), claims, hs256(JSON.stringify(publicKey()))),
      ],
      [
        'by HS256 and the public key as PEM',
        async () => {
          const pem = await exportSPKI((await importJWK(publicKey())) as never);
          return forge(headerOf('HS256'), claims, hs256(pem));
        },
      ],
      [
        'by HS256 and a part of the public key',
        () => forge(headerOf('HS256'), claims, hs256(Buffer.from(publicKey().x ?? '', 'base64url'))),
      ],
      [
        'by HS256 and the anonymous key',
        () => forge(headerOf('HS256'), claims, hs256('anon-key-of-the-tests')),
      ],
      [
        'by HS256 and the secret of the product',
        () => forge(headerOf('HS256'), claims, hs256(test.config.of(CryptoConfig).jwtSecret)),
      ],
      ['by HS256 and the legacy secret, which is not configured', () => project.legacyToken(person)],
      ['by a key of its own', async () => project.token(person, {}, await newSigningKey())],
      [
        'by a key of its own under the name of a real one',
        async () => project.token(person, {}, { ...(await newSigningKey()), kid: String(publicKey().kid) }),
      ],
      [
        'by a key of another kind under the name of a real one',
        async () =>
          project.token(person, {}, { ...(await newSigningKey('RS256')), kid: String(publicKey().kid) }),
      ],
      [
        'by a key that the token itself brings',
        async () => {
          const key = await newSigningKey();
          const token = await project.token(person, {}, key);
          const [, ...rest] = token.split('.');
          return [base64url({ alg: 'ES256', jwk: key.jwk, jku: `${project.url}/keys` }), ...rest].join('.');
        },
      ],
      [
        'with an extension that must be understood',
        () => forge({ ...headerOf('ES256'), crit: ['b64'], b64: false }, claims, () => 'AAAA'),
      ],
      ['of parts that are no JSON', () => 'AAAA.BBBB.CCCC'],
      ['with claims that are a list', () => forge(headerOf('ES256'), [claims])],
    ])('%s are refused', async (_, token) => {
      expect(await me(await token())).toBe('401 UNAUTHENTICATED');
      expect(await test.connection.collection('identities').countDocuments({ subject: person.id })).toBe(0);
    });
  });

  const now = Math.floor(Date.now() / 1000);

  it.each([
    ['an issuer that is another', { iss: 'https://other.supabase.co/auth/v1' }],
    ['an issuer that only begins alike', { iss: 'http://127.0.0.1/auth/v1' }],
    ['no issuer', { iss: undefined }],
    ['another audience', { aud: 'somebody' }],
    ['no audience', { aud: undefined }],
    ['an expiry in the past', { exp: now - 60 }],
    ['no expiry', { exp: undefined }],
    ['an expiry that is a text', { exp: String(now + 3600) }],
    ['a time before which they must not be used', { nbf: now + 60 }],
    ['no subject', { sub: undefined }],
    ['an empty subject', { sub: '' }],
    ['a subject that is an object', { sub: { $ne: null } }],
    ['a subject of 256 characters', { sub: 'a'.repeat(256) }],
    ['the role anon', { role: 'anon' }],
    ['the role service_role', { role: 'service_role' }],
    ['the role of an administrator', { role: 'supabase_admin' }],
    ['no role', { role: undefined }],
    ['nobody behind them', { is_anonymous: true }],
    ['nobody behind them, as a text', { is_anonymous: 'true' }],
  ])('with %s are refused, although the signature is right', async (_, changed) => {
    // Somebody whom a condition in place of a subject would find.
    expect(await me(await project.token(project.person()))).toBe('200');
    expect(await me(await project.token(person, changed))).toBe('401 UNAUTHENTICATED');
  });

  it('that are not the product’s business are refused without a question to the auth server', async () => {
    const before = { ...project.asked };
    const strangers = [
      await project.token(person, { iss: 'https://other.supabase.co/auth/v1' }, await newSigningKey()),
      forge(headerOf('none'), claims),
      forge(headerOf('HS256'), claims, hs256('secret')),
      'garbage',
    ];
    for (const token of strangers) expect(await me(token)).toBe('401 UNAUTHENTICATED');
    expect(project.asked).toEqual(before);
  });

  it('end when they expire, also where they were just accepted', async () => {
    // Beyond what the clocks of two servers may differ.
    const exp = Math.floor(Date.now() / 1000) - 3;
    const token = await project.token(person, { exp });
    expect([await me(token), await me(token)]).toEqual(['200', '200']);
    await new Promise((resolve) => setTimeout(resolve, (exp + 6) * 1000 - Date.now()));
    expect(await me(token)).toBe('401 UNAUTHENTICATED');
  });

  it('give no role and no address: what claims and metadata say of them counts for nothing', async () => {
    const victim = await test.anonymous.signIn('admin');
    const { email } = (await victim.get(ME)).body.data as { email: string };
    const token = await project.token(person, {
      email,
      user_role: 'admin',
      app_metadata: { role: 'admin', roles: ['admin'] },
      user_metadata: { email, email_verified: true, role: 'admin', sub: victim.userId },
    });
    const { body } = await withToken(test, token).get(ME);
    expect(body.data).toMatchObject({ email: person.email, role: 'user', emailVerified: true });
    expect(body.data.id).not.toBe(victim.userId);
    expect((await withToken(test, token).get(USERS)).outcome).toBe('403 FORBIDDEN');
  });

  it('are verified once: known ones are accepted without a question, also when the keys are gone', async () => {
    const token = await project.token(person);
    expect(await me(token)).toBe('200');
    const before = { ...project.asked };
    project.broken = (response) => response.destroy();
    try {
      expect([await me(token), await me(token)]).toEqual(['200', '200']);
    } finally {
      project.broken = undefined;
    }
    expect(project.asked).toEqual(before);
  });

  describe('and the keys of the project', () => {
    /** Puts the clock forward: keys age by `Date.now`, tokens do not. */
    const wait = (ms: number) => {
      const real = Date.now.bind(Date);
      jest.spyOn(Date, 'now').mockImplementation(() => real() + ms);
    };

    it('are fetched once for any number of tokens, and not for unknown key ids within ten seconds', async () => {
      const app = await createTestApp(project.env);
      try {
        const before = project.asked.keys;
        const good = await Promise.all(Array.from({ length: 20 }, () => project.token(project.person())));
        expect(await Promise.all(good.map((token) => me(token, app)))).toEqual(Array(20).fill('200'));
        expect(project.asked.keys - before).toBe(1);
        const forger = await newSigningKey();
        const bad = await Promise.all(
          Array.from({ length: 50 }, (_, n) => project.token(person, {}, { ...forger, kid: `unknown-${n}` })),
        );
        for (const token of bad) expect(await me(token, app)).toBe('401 UNAUTHENTICATED');
        expect(project.asked.keys - before).toBe(1);
        wait(11_000);
        await Promise.all(bad.map((token) => me(token, app)));
        expect(project.asked.keys - before).toBe(2);
      } finally {
        await app.close();
      }
    });

    it('may be exchanged: tokens of a new one are accepted ten seconds later, those of the old one no more', async () => {
      const [old] = project.keys;
      if (!old) throw new Error('no key');
      const app = await createTestApp(project.env);
      try {
        expect(await me(await project.token(person), app)).toBe('200');
        project.keys = [await newSigningKey()];
        const token = await project.token(person);
        expect(await me(token, app)).toBe('401 UNAUTHENTICATED');
        wait(11_000);
        expect(await me(token, app)).toBe('200');
        expect(await me(await project.token(person, { jti: 'other' }, old), app)).toBe('401 UNAUTHENTICATED');
      } finally {
        project.keys = [old];
        await app.close();
      }
    });
  });

  describe('of the legacy kind', () => {
    let legacy: TestApp;
    beforeAll(async () => {
      legacy = await createTestApp({ ...project.env, SUPABASE_JWT_SECRET: project.secret });
    });
    afterAll(() => legacy.close());

    it('sign in with the configured secret, beside those of the keys', async () => {
      expect(await me(await project.legacyToken(person), legacy)).toBe('200');
      expect(await me(await project.token(project.person()), legacy)).toBe('200');
    });

    it.each([
      ['another secret', () => project.legacyToken(person, 'another secret of more than 32 bytes, really')],
      ['the public key as JSON', () => project.legacyToken(person, JSON.stringify(publicKey()))],
      [
        'HS512',
        () =>
          forge({ alg: 'HS512', typ: 'JWT' }, claims, (content) =>
            createHmac('sha512', project.secret).update(content).digest('base64url'),
          ),
      ],
      ['the secret, but alg ES256', () => forge(headerOf('ES256'), claims, hs256(project.secret))],
      ['another audience', () => forge(headerOf('HS256'), { ...claims, aud: 'x' }, hs256(project.secret))],
      [
        'the role service_role',
        () => forge(headerOf('HS256'), { ...claims, role: 'service_role' }, hs256(project.secret)),
      ],
    ])('with %s are refused', async (_, token) => {
      expect(await me(await token(), legacy)).toBe('401 UNAUTHENTICATED');
    });
  });

  it('are worth nothing where no project is configured', async () => {
    const app = await createTestApp();
    try {
      const before = { ...project.asked };
      expect(await me(await project.token(person), app)).toBe('401 UNAUTHENTICATED');
      expect(project.asked).toEqual(before);
    } finally {
      await app.close();
    }
  });
});
