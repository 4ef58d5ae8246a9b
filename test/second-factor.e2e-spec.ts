import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { SecondFactorService } from '../src/modules/second-factor/second-factor.service.js';
import { SecondFactors } from '../src/modules/users/second-factors.js';
import { Transactions } from '../src/platform/database/transactions.js';
import type { UserId } from '../src/platform/access/caller.js';
import {
  codeOf,
  newPerson,
  newProtected,
  OTP,
  signedIn,
  signIn,
  steadyStep,
  wrongCodeOf,
} from './support/second-factor.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { faultyPaths, ME, USERS } from './support/users.js';
import { PRODUCT } from '../src/product/product.js';

const RECOVERY_CODE = /^[2-9A-HJ-NP-Z]{4}(-[2-9A-HJ-NP-Z]{4}){3}$/;

describe('the second factor', () => {
  let test: TestApp;

  beforeAll(async () => {
    test = await createTestApp();
  });
  afterAll(() => test.close());

  const enable = (client: TestClient, password: string) => client.post(`${OTP}/enable`, { password });
  const confirm = (client: TestClient, otp: unknown) => client.post(`${OTP}/confirm`, { otp });
  const isOn = async (client: TestClient) => (await client.get(ME)).body.data.otpEnabled as boolean;
  const stored = (id: string) =>
    test.connection
      .collection('second_factors')
      .find({ ownerId: new Types.ObjectId(id) })
      .toArray();
  const eventsOf = (id: string) =>
    test.logs.filter(({ userId }) => userId === id).map(({ event }) => event as string);

  describe('is turned on', () => {
    it('by a secret, which apps take by hand or as a QR code', async () => {
      const { client, email, password } = await newPerson(test);
      const { status, body, headers } = await enable(client, password);
      expect([status, headers['cache-control']]).toEqual([200, 'no-store']);
      const { secret, otpauthUrl } = body.data as { secret: string; otpauthUrl: string };
      expect(secret).toMatch(/^[A-Z2-7]{32}$/);
      const { protocol, host, pathname, searchParams } = new URL(otpauthUrl);
      expect([protocol, host, decodeURIComponent(pathname)]).toEqual([
        'otpauth:',
        'totp',
        `/${PRODUCT.name}:${email}`,
      ]);
      expect(Object.fromEntries(searchParams)).toEqual({
        issuer: PRODUCT.name,
        secret,
        algorithm: 'SHA1',
        digits: '6',
        period: '30',
      });
    });

    it('only once a code of the app has confirmed it', async () => {
      const person = await newPerson(test);
      const { client, id, password } = person;
      const { secret } = (await enable(client, password)).body.data;
      expect(await isOn(client)).toBe(false);
      expect((await signIn(test, person)).status).toBe(200);
      expect((await confirm(client, wrongCodeOf(secret))).outcome).toBe('401 INVALID_OTP');
      expect(await isOn(client)).toBe(false);

      const { version } = (await client.get(ME)).body.data;
      const { status, body, headers } = await confirm(client, codeOf(secret));
      expect([status, headers['cache-control']]).toEqual([200, 'no-store']);
      const { recoveryCodes } = body.data as { recoveryCodes: string[] };
      expect(new Set(recoveryCodes).size).toBe(10);
      for (const code of recoveryCodes) expect(code).toMatch(RECOVERY_CODE);
      expect((await client.get(ME)).body.data).toMatchObject({ otpEnabled: true, version: version + 1 });
      expect((await signIn(test, person)).outcome).toBe('401 OTP_REQUIRED');
      expect(eventsOf(id)).toContain('otp_enabled');
    });

    it('with the password', async () => {
      const { client, id } = await newPerson(test);
      expect((await enable(client, 'wrong password')).outcome).toBe('401 INVALID_CREDENTIALS');
      expect(await stored(id)).toEqual([]);
    });

    it('with the secret that was given last', async () => {
      const { client, password } = await newPerson(test);
      const first = (await enable(client, password)).body.data.secret;
      const second = (await enable(client, password)).body.data.secret;
      expect(second).not.toBe(first);
      expect((await confirm(client, codeOf(first))).outcome).toBe('401 INVALID_OTP');
      expect((await confirm(client, codeOf(second))).status).toBe(200);
    });

    it('by none of the recovery codes, and not without a secret', async () => {
      const { client } = await newPerson(test);
      for (const otp of ['123456', 'AAAA-AAAA-AAAA-AAAA']) {
        expect((await confirm(client, otp)).outcome).toBe('401 INVALID_OTP');
      }
    });

    it('once: it is not replaced while it is on', async () => {
      const person = await newProtected(test);
      const before = await stored(person.id);
      expect((await enable(person.client, person.password)).outcome).toBe('409 OTP_ALREADY_ENABLED');
      expect((await confirm(person.client, codeOf(person.secret))).outcome).toBe('401 INVALID_OTP');
      expect(await stored(person.id)).toEqual(before);
    });

    it('once when many ask for it at the same time', async () => {
      const { client, id, password, ...person } = await newPerson(test);
      const enabled = await Promise.all(Array.from({ length: 6 }, () => enable(client, password)));
      expect(enabled.map(({ outcome }) => outcome)).toContain('200');
      for (const { outcome } of enabled) expect(['200', '409 CONFLICT']).toContain(outcome);
      expect(await stored(id)).toHaveLength(1);

      const { secret } = (await enable(client, password)).body.data;
      const answers = await Promise.all(Array.from({ length: 6 }, () => confirm(client, codeOf(secret))));
      const outcomes = answers.map(({ outcome }) => outcome).toSorted();
      expect(outcomes).toEqual(['200', ...Array.from({ length: 5 }, () => '401 INVALID_OTP')]);
      const [otp] = answers.flatMap(({ body }) => (body.data?.recoveryCodes ?? []) as string[]);
      expect((await signIn(test, { ...person, password }, otp)).status).toBe(200);
    });

    it('and ends the other sessions, which needed no code', async () => {
      const person = await newPerson(test);
      const other = signedIn(test, await signIn(test, person));
      const { secret } = (await enable(person.client, person.password)).body.data;
      expect(await isOn(other)).toBe(false);
      expect((await confirm(person.client, codeOf(secret))).status).toBe(200);
      expect((await other.get(ME)).outcome).toBe('401 UNAUTHENTICATED');
      expect(await isOn(person.client)).toBe(true);
    });
  });

  describe('is turned off', () => {
    const disable = (client: TestClient, body: object) => client.post(`${OTP}/disable`, body);

    it('with the password and a code', async () => {
      const { client, id, secret, ...person } = await newProtected(test);
      const { password } = person;
      const refused = [
        [{ password: 'wrong password', otp: codeOf(secret) }, '401 INVALID_CREDENTIALS'],
        [{ password, otp: wrongCodeOf(secret) }, '401 INVALID_OTP'],
        [{ password }, '400 VALIDATION_ERROR'],
        [{ otp: codeOf(secret) }, '400 VALIDATION_ERROR'],
      ] as const;
      for (const [body, outcome] of refused) expect((await disable(client, body)).outcome).toBe(outcome);
      expect([await isOn(client), (await stored(id)).length]).toEqual([true, 1]);

      const { body, headers } = await disable(client, { password, otp: codeOf(secret) });
      expect(body).toEqual({ success: true, message: 'Second factor turned off' });
      expect(headers['cache-control']).toBe('no-store');
      expect([await isOn(client), await stored(id)]).toEqual([false, []]);
      expect((await signIn(test, person)).status).toBe(200);
      expect(eventsOf(id)).toContain('otp_disabled');
      expect((await enable(client, password)).status).toBe(200);
    });

    it('with a recovery code, and leaves the other sessions', async () => {
      const { client, recoveryCodes, secret, ...person } = await newProtected(test);
      const other = signedIn(test, await signIn(test, person, codeOf(secret)));
      const [otp] = recoveryCodes;
      expect((await disable(client, { password: person.password, otp })).status).toBe(200);
      expect(await isOn(other)).toBe(false);
    });

    it('only where it is on', async () => {
      const { client, password } = await newPerson(test);
      await enable(client, password);
      await disable(client, { password, otp: '123456' });
      expect(await isOn(client)).toBe(false);
    });
  });

  it('is asked for when users delete themselves, and deleted with them', async () => {
    const { client, id, password, secret } = await newProtected(test);
    const remove = (body: object) => client.post(`${USERS}/${id}/delete`, { password, ...body });
    expect((await remove({})).outcome).toBe('401 OTP_REQUIRED');
    expect((await remove({ otp: null })).outcome).toBe('401 OTP_REQUIRED');
    expect((await remove({ otp: wrongCodeOf(secret) })).outcome).toBe('401 INVALID_OTP');
    expect((await remove({ otp: codeOf(secret), password: 'wrong' })).outcome).toBe(
      '401 INVALID_CREDENTIALS',
    );
    expect(await stored(id)).toHaveLength(1);
    expect((await remove({ otp: codeOf(secret) })).status).toBe(200);
    expect(await stored(id)).toEqual([]);
  });

  it('keeps a product from starting that does not ask for it any more', async () => {
    await newProtected(test);
    await expect(new SecondFactors(test.connection).onApplicationBootstrap()).rejects.toThrow(
      /^Users have set up second factors, which nothing checks: put SecondFactorModule back into src\/app\.module\.ts, or /,
    );
  });

  it('is stored encrypted, its recovery codes hashed, and neither is in the log', async () => {
    const { id, secret, recoveryCodes, client, ...person } = await newProtected(test);
    await signIn(test, person, recoveryCodes[0]);
    const [record] = await stored(id);
    expect(record).toMatchObject({ secret: expect.stringMatching(/^enc:v1:k1:/), confirmed: true });
    const collections = await test.connection.listCollections();
    const everything = await Promise.all(
      collections.map(({ name }) => test.connection.collection(name).find().toArray()),
    );
    const texts = [JSON.stringify(everything), test.logText()];
    for (const code of [secret, ...recoveryCodes, ...recoveryCodes.map((c) => c.replaceAll('-', ''))]) {
      expect(texts.filter((text) => text.includes(code))).toEqual([]);
    }
    expect(everything.flat().length).toBeGreaterThan(5);
    expect((await client.get(ME)).text).not.toContain('secret');
  });

  it('does not decrypt for another user', async () => {
    const [ada, eve] = [await newProtected(test), await newProtected(test)];
    const secret = (await stored(eve.id))[0]?.['secret'] as string;
    await test.connection
      .collection('second_factors')
      .updateOne({ ownerId: new Types.ObjectId(ada.id) }, { $set: { secret } });
    expect((await signIn(test, ada, codeOf(eve.secret))).outcome).toBe('500 INTERNAL_ERROR');
  });

  it('agrees with its user, whatever fails between the two', async () => {
    const { client, id, password, ...person } = await newPerson(test);
    const { secret } = (await enable(client, password)).body.data;
    const factors = test.app.get(SecondFactorService, { strict: false });
    const failing = test.app.get(Transactions).run(async (transaction) => {
      await factors.confirm(id as UserId, codeOf(secret), transaction);
      throw new Error('crashed');
    });
    await expect(failing).rejects.toThrow('crashed');
    expect((await stored(id))[0]).toMatchObject({ confirmed: false, lastStep: 0, recoveryCodes: [] });
    expect(eventsOf(id)).not.toContain('otp_enabled');
    expect((await signIn(test, { ...person, password })).status).toBe(200);

    await steadyStep();
    expect((await confirm(client, codeOf(secret))).status).toBe(200);
    const leaving = test.app.get(Transactions).run(async (transaction) => {
      await factors.disable(id as UserId, transaction);
      throw new Error('crashed');
    });
    await expect(leaving).rejects.toThrow('crashed');
    expect([await isOn(client), (await stored(id)).length]).toEqual([true, 1]);
    expect(eventsOf(id)).not.toContain('otp_disabled');
  });

  it.each([
    '',
    '12345',
    '1234567',
    '12345a',
    '１２３４５６',
    '12345\0',
    'ABCD-EFGH-JKLM-NPQ',
    'ABCD-EFGH-JKLM-NPQ0',
    'ABCD-EFGH-JKLM-NPQI',
    `123456${' '.repeat(59)}`,
    123_456,
    null,
    ['123456'],
    { $ne: '' },
  ])('takes no code like %j', async (otp) => {
    const { client } = await newPerson(test);
    const answer = await confirm(client, otp);
    expect([answer.outcome, faultyPaths(answer)]).toEqual(['400 VALIDATION_ERROR', ['otp']]);
  });
});
