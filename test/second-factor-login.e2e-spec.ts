import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { DatabaseConfig } from '../src/platform/config/database.config.js';
import { EncryptionConfig } from '../src/platform/encryption/encryption.config.js';
import { SecondFactorService } from '../src/modules/second-factor/second-factor.service.js';
import type { UserId } from '../src/platform/access/caller.js';
import {
  codeOf,
  newPerson,
  newProtected,
  type Protected,
  signIn,
  steadyStep,
  wrongCodeOf,
} from './support/second-factor.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import { LOGIN } from './support/users.js';

describe('signing in with a second factor', () => {
  let test: TestApp;

  beforeAll(async () => {
    test = await createTestApp();
  });
  afterAll(() => test.close());

  const login = (person: Protected, otp?: string) => signIn(test, person, otp);
  const outcomes = async (person: Protected, ...codes: string[]) => {
    const answered: string[] = [];
    for (const code of codes) answered.push((await login(person, code)).outcome);
    return answered;
  };
  const factor = ({ id }: Protected) => ({ ownerId: new Types.ObjectId(id) });
  const factors = () => test.connection.collection('second_factors');
  const eventsOf = ({ id }: Protected) =>
    test.logs.filter(({ userId }) => userId === id).map(({ event }) => event as string);

  it('asks for a code once the password was right, and not before', async () => {
    const person = await newProtected(test);
    const { email, secret } = person;
    const asked = await login(person);
    expect([asked.outcome, asked.headers['www-authenticate']]).toEqual(['401 OTP_REQUIRED', 'Bearer']);
    expect((await test.anonymous.post(LOGIN, { ...credentials(person), otp: null })).outcome).toBe(
      '401 OTP_REQUIRED',
    );
    for (const otp of [undefined, codeOf(secret), wrongCodeOf(secret)]) {
      const wrong = await signIn(test, { email, password: 'wrong password' }, otp);
      expect(wrong.outcome).toBe('401 INVALID_CREDENTIALS');
    }
    expect((await login(person, codeOf(secret))).status).toBe(200);
  });

  it('does not mind a code where there is no second factor', async () => {
    expect((await signIn(test, await newPerson(test), '123456')).status).toBe(200);
  });

  it('refuses a wrong code, and says so in the log', async () => {
    const person = await newProtected(test);
    const refused = await login(person, wrongCodeOf(person.secret));
    expect([refused.outcome, refused.headers['www-authenticate']]).toEqual(['401 INVALID_OTP', 'Bearer']);
    expect(eventsOf(person)).toContain('otp_refused');
    expect((await login(person, codeOf((await newProtected(test)).secret))).outcome).toBe('401 INVALID_OTP');
  });

  it.each([
    [-2, '401 INVALID_OTP'],
    [-1, '200'],
    [0, '200'],
    [1, '200'],
    [2, '401 INVALID_OTP'],
  ])('answers a code of %i steps from now with %s', async (steps, outcome) => {
    const person = await newProtected(test);
    await factors().updateOne(factor(person), { $set: { lastStep: 0 } });
    await steadyStep();
    expect((await login(person, codeOf(person.secret, steps))).outcome).toBe(outcome);
  });

  it('takes a code once, and none from before it', async () => {
    const person = await newProtected(test);
    const [confirmed, now, next] = [-1, 0, 1].map((steps) => codeOf(person.secret, steps)) as [
      string,
      string,
      string,
    ];
    expect(await outcomes(person, confirmed)).toEqual(['401 INVALID_OTP']);
    expect(await outcomes(person, now, now)).toEqual(['200', '401 INVALID_OTP']);
    expect(await outcomes(person, next, next, now)).toEqual(['200', '401 INVALID_OTP', '401 INVALID_OTP']);
  });

  it('forgives spaces and dashes', async () => {
    const person = await newProtected(test);
    const grouped = (code: string, by: string) => `${code.slice(0, 3)}${by}${code.slice(3)}`;
    const codes = [grouped(codeOf(person.secret), ' '), ` ${grouped(codeOf(person.secret, 1), '-')} `];
    expect(await outcomes(person, ...codes)).toEqual(['200', '200']);
  });

  it('lets one of 50 in that come with one code at the same time', async () => {
    const person = await newProtected(test);
    const otp = codeOf(person.secret);
    const answers = await Promise.all(Array.from({ length: 50 }, () => login(person, otp)));
    const counts = Map.groupBy(answers, ({ outcome }) => outcome);
    expect(counts.get('200')).toHaveLength(1);
    expect(
      [...counts.keys()].filter((outcome) => !/^200$|INVALID_OTP|RATE_LIMITED|OVERLOADED/.test(outcome)),
    ).toEqual([]);
    expect(counts.get('401 INVALID_OTP')?.length).toBeGreaterThan(3);
  });

  it('lets one in, of many in two processes, by one code or one recovery code', async () => {
    const other = await createTestApp({
      MONGODB_URI: String(test.config.of(DatabaseConfig).mongodbUri),
      ENCRYPTION_KEY: test.config
        .of(EncryptionConfig)
        .encryptionKeys.map(({ id, key }) => `${id}:${key.toString('base64')}`)
        .join(),
    });
    try {
      const services = [test, other].map(({ app }) => app.get(SecondFactorService, { strict: false }));
      const person = await newProtected(test);
      for (const otp of [codeOf(person.secret), person.recoveryCodes[0].replaceAll('-', '')]) {
        const tries = Array.from({ length: 50 }, (_, n) => services[n % 2]?.verify(person.id as UserId, otp));
        expect((await Promise.all(tries)).filter(Boolean)).toEqual([true]);
      }
    } finally {
      await other.app.close();
    }
  });

  it('takes each recovery code once, however it is written', async () => {
    const person = await newProtected(test);
    const [one, two, three = '', four = ''] = person.recoveryCodes;
    expect(await outcomes(person, one, one)).toEqual(['200', '401 INVALID_OTP']);
    const written = [two.toLowerCase(), three.replaceAll('-', ' '), ` ${four.replaceAll('-', '')} `];
    expect(await outcomes(person, ...written)).toEqual(['200', '200', '200']);
    expect(await outcomes(person, ...written)).toEqual(Array.from({ length: 3 }, () => '401 INVALID_OTP'));
    expect((await factors().findOne(factor(person)))?.['recoveryCodes']).toHaveLength(6);
    expect(eventsOf(person).filter((event) => event === 'recovery_code_used')).toHaveLength(4);
    expect((await login(await newProtected(test), person.recoveryCodes[5])).outcome).toBe('401 INVALID_OTP');
    expect((await login(person, codeOf(person.secret))).status).toBe(200);
  });

  describe('slows down', () => {
    /** How many wrong codes are looked at, of 40 that a caller sends from an address. */
    async function lookedAt(
      person: Protected,
      address: string,
      between?: () => Promise<unknown>,
    ): Promise<number> {
      const client = test.anonymous.from(address || person.address);
      const otp = wrongCodeOf(person.secret);
      let looked = 0;
      for (let sent = 0; sent < 40; sent++) {
        const { outcome, headers } = await client.post(LOGIN, { ...credentials(person), otp });
        if (outcome === '401 INVALID_OTP') looked++;
        else
          expect([outcome, Number(headers['retry-after'])]).toEqual(['429 RATE_LIMITED', expect.any(Number)]);
        await between?.();
      }
      return looked;
    }

    it.each([
      ['a strange address', '203.0.113.7'],
      ['the address that it knows', ''],
    ])('wrong codes from %s', async (_, address) => {
      expect(await lookedAt(await newProtected(test), address)).toBeLessThan(15);
    });

    it.each([
      ['a strange address', '203.0.113.8'],
      ['the address that it knows', ''],
    ])('wrong codes from %s, also between right passwords without a code', async (_, address) => {
      const person = await newProtected(test);
      const client = test.anonymous.from(address || person.address);
      const between = () => client.post(LOGIN, credentials(person));
      expect(await lookedAt(person, address, between)).toBeLessThan(15);
    });

    it('nobody who has a right password and no code yet', async () => {
      const person = await newProtected(test);
      for (let sent = 0; sent < 30; sent++) expect((await login(person)).outcome).toBe('401 OTP_REQUIRED');
    });
  });
});

function credentials({ email, password }: Protected): { email: string; password: string } {
  return { email, password };
}
