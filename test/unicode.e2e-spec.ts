import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import bcrypt from 'bcrypt';
import { CHANGE, CHANGE_EMAIL, CONFIRM_EMAIL, FORGOT } from './support/accounts.js';
import { mailTo } from './support/mails.js';
import { MailServer } from './support/mail-server.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import { PASSWORD, type TestClient } from './support/test-client.js';
import { faultyPaths, LOGIN, newAddress, REGISTER, USERS } from './support/users.js';

describe('the same text, written in another way', () => {
  let test: TestApp;
  let mails: MailServer;
  let admin: TestClient;

  const stranger = () => test.anonymous.from(newAddress());
  const users = () => test.connection.collection('users');
  const registered = (email: string, password = PASSWORD) => stranger().post(REGISTER, { email, password });
  const signIn = (email: string, password = PASSWORD) => stranger().post(LOGIN, { email, password });
  /** A name that nobody else has, and no form of which is another's. */
  const some = () => randomUUID().slice(0, 8);

  beforeAll(async () => {
    mails = await MailServer.start();
    test = await createTestApp({ SMTP_URL: mails.url });
    admin = await test.anonymous.signIn('admin');
  });
  afterAll(async () => {
    await test.close();
    await mails.close();
  });

  const SPELLINGS: [what: string, one: (id: string) => string, other: (id: string) => string][] = [
    ['an accent of its own', (id) => `jose\u0301${id}@example.com`, (id) => `josé${id}@example.com`],
    ['capitals with accents', (id) => `JOSE\u0301${id}@Example.com`, (id) => `josé${id}@example.com`],
    ['a domain in Unicode', (id) => `${id}@münchen.de`, (id) => `${id}@xn--mnchen-3ya.de`],
    ['a domain in capitals', (id) => `${id}@MU\u0308NCHEN.DE`, (id) => `${id}@münchen.de`],
    ['a domain in full width', (id) => `${id}@ｅｘａｍｐｌｅ．com`, (id) => `${id}@example.com`],
    ['syllables of Hangul', (id) => `\u1112\u1161\u11ab${id}@example.com`, (id) => `한${id}@example.com`],
  ];

  describe.each(SPELLINGS)('an address with %s', (_, one, other) => {
    it.each([
      ['one after the other', one, other],
      ['the other way round', other, one],
    ])('is one mailbox, and has one account: %s', async (_order, first, second) => {
      const id = some();
      const { status, body } = await registered(first(id));
      expect([status, body.data.email]).toEqual([
        201,
        expect.stringMatching(/^[^\u0300-\u036f]+@[a-z\d.-]+$/),
      ]);
      expect((await registered(second(id))).outcome).toBe('409 EMAIL_TAKEN');
      const byAdmin = { email: second(id), name: 'Ada', password: PASSWORD };
      expect((await admin.post(USERS, byAdmin)).outcome).toBe('409 EMAIL_TAKEN');
      for (const email of [first(id), second(id)]) {
        expect((await signIn(email)).body.data.user.id).toBe(body.data.id);
        const listed = await admin.get(`${USERS}?email=${encodeURIComponent(email)}`);
        expect(listed.body.data).toEqual([expect.objectContaining({ id: body.data.id })]);
      }
      expect((await stranger().post(FORGOT, { email: second(id) })).status).toBe(202);
      await mailTo(body.data.email as string, () => mails.mails, 2);
    });
  });

  it('is counted as one account by who guesses', async () => {
    const id = some();
    const answers = [];
    for (let guess = 0; guess < 12; guess++) {
      const local = guess % 2 ? `é${id}` : `e\u0301${id}`;
      answers.push(await signIn(`${local}@example.com`, 'wrong horse battery'));
    }
    expect(answers.at(-1)?.outcome).toBe('429 RATE_LIMITED');
  });

  it('is one account also beside one that was stored before', async () => {
    const id = some();
    const { body } = await registered(`${id}é@xn--mnchen-3ya.de`);
    const older = `${id}e\u0301@münchen.de`;
    await users().updateOne({ email: body.data.email as string }, { $set: { email: older } });
    expect((await signIn(older)).body.data.user.id).toBe(body.data.id);
    expect((await registered(`${id}é@münchen.de`)).outcome).toBe('409 EMAIL_TAKEN');
    const other = `${some()}@example.com`;
    await registered(other);
    const mailbox = `${id}é@münchen.de`;
    const client = await stranger().signInAs({ email: other, password: PASSWORD });
    expect((await client.post(CHANGE_EMAIL, { email: mailbox })).status).toBe(202);
    // The mail that proves the address was the first. One to such an address has its domain in Unicode.
    const { token } = await mailTo(mailbox, () => mails.mails, 2);
    expect((await stranger().post(CONFIRM_EMAIL, { token })).outcome).toBe('409 EMAIL_TAKEN');
  });

  it.each([
    ['combining marks', 'cafe\u0301 au lait!', 'café au lait!'],
    ['full width', 'ｃｏｒｒｅｃｔ horse', 'correct horse'],
    ['a sign for a letter', '10 \u2126 resistor', '10 Ω resistor'],
    ['another space', 'non\u00a0breaking', 'non breaking'],
  ])('is one password: %s', async (_, one, other) => {
    const email = `${some()}@example.com`;
    expect((await registered(email, one)).status).toBe(201);
    for (const typed of [one, other]) expect((await signIn(email, typed)).status).toBe(200);
    expect((await signIn(email, `${other}!`)).outcome).toBe('401 INVALID_CREDENTIALS');
    const client = await stranger().signInAs({ email, password: other });
    expect((await client.post(CHANGE, { currentPassword: other, newPassword: `${one}?` })).status).toBe(200);
    expect((await signIn(email, `${other}?`)).status).toBe(200);
  });

  it('is one password once it has been used, where its hash is older', async () => {
    const email = `${some()}@example.com`;
    const raw = 'cafe\u0301 au lait!';
    await registered(email);
    await users().updateOne({ email }, { $set: { passwordHash: await bcrypt.hash(raw, 4) } });
    expect((await signIn(email, raw)).status).toBe(200);
    for (const typed of [raw, raw.normalize('NFC')]) expect((await signIn(email, typed)).status).toBe(200);
  });

  it.each([
    ['7 characters, once they are composed', 'e\u0301'.repeat(7)],
    ['more than 72 bytes, once signs are written out', '\ufdfa'.repeat(4)],
  ])('counts in the form that is kept: %s', async (_, password) => {
    const answer = await registered(`${some()}@example.com`, password);
    expect([answer.outcome, faultyPaths(answer)]).toEqual(['400 VALIDATION_ERROR', ['password']]);
  });

  it.each([
    '\u200b\u200d',
    '\u202e',
    '\u2060\ufeff',
    '\u0301\u0302',
    '\u3164',
    '\uffa0',
    '\u2800',
    '\u{e0041}\u{e0042}',
    '\ufe0f',
    '\u00ad',
    '\u0007',
    ' \u200b ',
  ])('is no name when nobody sees it: %j', async (name) => {
    const email = `${some()}@example.com`;
    const answer = await stranger().post(REGISTER, { email, password: PASSWORD, name });
    expect([answer.outcome, faultyPaths(answer)]).toEqual(['400 VALIDATION_ERROR', ['name']]);
    const project = await admin.post('/api/v1/projects', { name });
    expect([project.outcome, faultyPaths(project)]).toEqual(['400 VALIDATION_ERROR', ['name']]);
  });

  it.each(['\u202eadA', 'Ada\u202d', 'Ada \u2066x', '\u202bAda'])(
    'does not turn what stands beside a name: %j',
    async (name) => {
      const email = `${some()}@example.com`;
      const answer = await stranger().post(REGISTER, { email, password: PASSWORD, name });
      expect([answer.outcome, faultyPaths(answer)]).toEqual(['400 VALIDATION_ERROR', ['name']]);
    },
  );

  it.each(['علي\u200e', 'می\u200cخواهم', '👩\u200d💻', '❤\ufe0f', 'é', '李', '·'])(
    'is a name as people write it: %j',
    async (name) => {
      const email = `${some()}@example.com`;
      const { status, body } = await stranger().post(REGISTER, { email, password: PASSWORD, name });
      expect([status, body.data.name]).toEqual([201, name]);
    },
  );
});
