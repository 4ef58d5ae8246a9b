import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { AccountMails } from '../src/modules/users/account-mails.js';
import type { UserId } from '../src/platform/access/caller.js';
import { ProcessConfig } from '../src/platform/config/process.config.js';
import { MailServer } from './support/mail-server.js';
import { eventually, mailTo, outboxOf, type ReadMail } from './support/mails.js';
import { uriOf } from './support/databases.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { newCredentials, REGISTER, register, USERS } from './support/users.js';
import { composeLinkMail, linkMail, type LinkMail } from '../src/platform/mail/link-mail.js';
import type { Mail } from '../src/platform/mail/mail.js';
import { PRODUCT } from '../src/product/product.js';
import { atMost } from './support/soak.js';

const ORIGIN = 'https://product.test';

function eventsOf({ logs }: TestApp, name: string, userId: string) {
  return logs.filter(({ event, userId: about }) => event === name && about === userId);
}

describe('every mail with a link', () => {
  it('is in ASCII, and in lines that no program breaks, and named only where an administrator causes it', async () => {
    const files = globSync('src/modules/**/*.mail.ts').map((path) => resolve(path));
    const mails = (
      await Promise.all(files.map(async (path) => Object.values((await import(path)) as object)))
    ).flat();
    const recipient = { id: '1', email: 'ada@example.com', name: 'Ada' };
    // Those of features' own are functions.
    const links = mails.filter((mail): mail is LinkMail => typeof mail === 'object');
    const texts = links.map((mail) => composeLinkMail(mail, recipient, ORIGIN, 'x'));
    expect(texts.length).toBeGreaterThan(4);
    const isPlain = ({ subject, text }: Mail) => /^(?:[ -~]{0,78}\n)*$/.test(`${subject}\n${text}`);
    expect(texts.filter((mail) => !isPlain(mail))).toEqual([]);
    const named = texts.filter(({ to }) => to.name !== '').map(({ kind }) => kind);
    expect(named).toContain('set-password');
    expect(named).not.toContain('verify-email');
  });

  it('has a purpose of its own, so that no link opens what another is for', () => {
    const mail = { purpose: 'trial', path: '/trial', subject: 'Trial', before: [], after: [] };
    linkMail(mail);
    expect(() => linkMail(mail)).toThrow("Two mails have the purpose 'trial'");
  });
});

describe('mails by SMTP', () => {
  let server: MailServer;
  let test: TestApp;
  let admin: TestClient;

  beforeAll(async () => {
    server = await MailServer.start();
    test = await createTestApp({
      SMTP_URL: server.url,
      MAIL_FROM: 'Ada <hello@product.test>',
      PUBLIC_URL: ORIGIN,
    });
    admin = await test.anonymous.signIn('admin');
  });
  afterEach(() => void server.refusals.splice(0));
  afterAll(async () => {
    await test.close();
    await server.close();
  });

  const arrived = (address: string): Promise<ReadMail> => mailTo(address, () => server.mails);

  it('bring who registers a link that proves the address', async () => {
    const { id, email } = await register(test.anonymous);
    const mail = await arrived(email);
    expect(mail).toMatchObject({
      from: { name: 'Ada', address: 'hello@product.test' },
      to: [{ address: email }],
      subject: 'Confirm your email address',
      link: expect.stringMatching(/^https:\/\/product\.test\/verify#token=[\w-]{43}$/),
    });
    expect([mail.html, mail.attachments]).toEqual([undefined, []]);
    expect(mail.headers).toContainEqual(
      expect.objectContaining({ key: 'auto-submitted', value: 'auto-generated' }),
    );
    const [sent] = await eventually(() => {
      const events = eventsOf(test, 'mail_sent', id);
      return events.length > 0 && events;
    });
    expect(sent).toMatchObject({ level: 'info', kind: 'verify-email', requestId: expect.any(String) });
    expect(test.logText()).not.toContain(mail.token);
  });

  it('lead where PUBLIC_URL says, whatever the request claims', async () => {
    const credentials = newCredentials();
    const headers = {
      host: 'evil.example',
      origin: 'https://evil.example',
      forwarded: 'host=evil.example;proto=http',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'http',
    };
    await test.anonymous.post(REGISTER, credentials, headers);
    const mail = await arrived(credentials.email);
    expect(mail.raw).not.toContain('evil.example');
    expect(mail.link).toContain(`${ORIGIN}/verify#`);
  });

  it('keep no token in the database', async () => {
    const { email } = await register(test.anonymous);
    const { token } = await arrived(email);
    const stored = await test.connection.collection('mail_links').find().toArray();
    expect(stored.length).toBeGreaterThan(0);
    expect(JSON.stringify(stored)).not.toContain(token);
  });

  it('hold no words of who registers: they could be for somebody else to read', async () => {
    const credentials = newCredentials();
    await test.anonymous.post(REGISTER, { ...credentials, name: 'Win a prize at prize.test' });
    expect((await arrived(credentials.email)).raw).not.toContain('prize');
  });

  it('are tried again when the mail server cannot take them now', async () => {
    server.refusals.push([451, 'Try again later']);
    const offered = server.offered;
    const { id, email } = await register(test.anonymous);
    await arrived(email);
    expect(server.offered - offered).toBe(2);
    expect(eventsOf(test, 'mail_failed', id)).toEqual([]);
  });

  it('are given up with an event when the mail server refuses them', async () => {
    server.refusals.push([550, 'No such user: nobody@example.com']);
    const offered = server.offered;
    const { id } = await register(test.anonymous);
    const [failed] = await eventually(() => {
      const events = eventsOf(test, 'mail_failed', id);
      return events.length > 0 && events;
    });
    expect(failed).toMatchObject({ level: 'warn', kind: 'verify-email', status: 550, reason: 'EMESSAGE' });
    expect(JSON.stringify(failed)).not.toContain('@');
    expect(server.offered - offered).toBe(1);
  });

  it.each([
    ['header lines', 'Ada\r\nBcc: mallory@evil.test\r\nSubject: Mine'],
    ['an address', 'Ada <mallory@evil.test>, x'],
    ['quotes', 'Ada" <mallory@evil.test>, "'],
    ['what ends a name', '=?utf-8?q?Ada=0D=0ABcc:=20mallory@evil.test?='],
    ['other letters', '阿达 😀\u2028Bcc: mallory@evil.test'],
  ])('go to nobody else for %s in a name', async (_, name) => {
    const { email } = newCredentials();
    expect((await admin.post(USERS, { email, name })).status).toBe(201);
    const mail = await arrived(email);
    expect(server.recipients[server.mails.indexOf(mail)]).toEqual([email]);
    expect(mail.to).toEqual([expect.objectContaining({ address: email })]);
    expect([mail.cc, mail.bcc, mail.subject]).toEqual([
      undefined,
      undefined,
      `Welcome to ${PRODUCT.name}: choose your password`,
    ]);
  });

  it('go to nobody else for an address that looks like two', async () => {
    const email = `"mallory@evil.test,${Date.now()}"@example.com`;
    const { status, body } = await admin.post(USERS, { email, name: 'Ada' });
    expect(status).toBe(201);
    const { id } = body.data;
    await eventually(() => [...eventsOf(test, 'mail_sent', id), ...eventsOf(test, 'mail_failed', id)][0]);
    expect(server.recipients.flat().filter((address) => address.endsWith('@evil.test'))).toEqual([]);
  });

  it('are of no use once their user is deleted', async () => {
    const { email } = newCredentials();
    const { body } = await admin.post(USERS, { email, name: 'Ada' });
    await arrived(email);
    const links = () =>
      test.connection
        .collection('mail_links')
        .countDocuments({ ownerId: new Types.ObjectId(body.data.id as string) });
    expect(await links()).toBe(1);
    expect((await admin.delete(`${USERS}/${body.data.id}`)).status).toBe(200);
    expect(await links()).toBe(0);
  });
});

describe('a mail server', () => {
  it('that stays silent keeps no answer waiting', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const test = await createTestApp({ SMTP_URL: `smtp://127.0.0.1:${port}`, SHUTDOWN_GRACE_MS: '400' });
    const start = Date.now();
    await Promise.all(Array.from({ length: 8 }, () => register(test.anonymous)));
    expect(Date.now() - start).toBeLessThan(atMost(2_000));
    const closing = Date.now();
    await test.close();
    silent.close();
    expect(Date.now() - closing).toBeLessThan(atMost(2_000));
    // They are kept for the next process.
    expect(test.logs.filter(({ event }) => event === 'mail_failed')).toEqual([]);
  });

  it('gets from the next process what is left when one ends, and nobody reads it meanwhile', async () => {
    const server = await MailServer.start();
    const env = {
      MONGODB_URI: uriOf(`test_${randomUUID().replaceAll('-', '')}`),
      ENCRYPTION_KEY: randomBytes(32).toString('base64'),
      JWT_SECRET: randomBytes(48).toString('base64'),
      SMTP_URL: server.url,
    };
    const first = await createTestApp(env);
    server.refusals.push([451, 'Try again later']);
    const { email } = await register(first.anonymous);
    await eventually(() => server.offered === 1);
    const stored = () => first.connection.collection('executions').findOne({ type: 'outbox.send' });
    const kept = await eventually(stored);
    expect(JSON.stringify(kept)).not.toMatch(/#token|example\.com/);
    await first.app.close();
    expect(server.mails).toEqual([]);
    const second = await createTestApp(env);
    const mail = await mailTo(email, () => server.mails);
    expect(mail.messageId).toMatch(/^<[0-9a-f]{24}\.send@/);
    await second.close();
    await server.close();
  });

  it.each([
    ['from the start', true, 'smtps'],
    ['after STARTTLS', false, 'smtp'],
  ])('with a certificate that nobody vouches for gets no mail: encrypted %s', async (_, secure, scheme) => {
    const server = await MailServer.start({ secure, disabledCommands: ['AUTH'] });
    const test = await createTestApp({ SMTP_URL: server.url.replace('smtp', scheme) });
    await register(test.anonymous);
    const stored = () =>
      test.connection.collection('executions').findOne({ 'steps.send.error': { $exists: true } });
    await eventually(stored);
    await test.app.close();
    expect(server.offered).toBe(0);
    await server.close();
  });

  it('that asks for a password gets the one of SMTP_URL', async () => {
    const server = await MailServer.start({
      authOptional: false,
      disabledCommands: ['STARTTLS'],
      onAuth: ({ username, password }, _session, done) =>
        username === 'ada@mail' && password === 'p/w:ß' ? done(null, { user: 1 }) : done(new Error('No')),
    });
    const credentials = `ada%40mail:${encodeURIComponent('p/w:ß')}`;
    const test = await createTestApp({ SMTP_URL: server.url.replace('//', `//${credentials}@`) });
    const { email } = await register(test.anonymous);
    await mailTo(email, () => server.mails);
    await test.close();
    await server.close();
  });
});

describe('without a module that sends mails', () => {
  it('refuses what needs a mail, and goes on with all else', async () => {
    const mails = new AccountMails();
    expect(() => mails.requireConfigured()).toThrow(expect.objectContaining({ code: 'MAIL_NOT_CONFIGURED' }));
    await expect(mails.passwordChanged('66f1a0c2e4b0a1b2c3d4e5f6' as UserId)).resolves.toBeUndefined();
  });
});

describe('without a mail server', () => {
  it('development and test write mails where only their user reads them', async () => {
    const test = await createTestApp({ HOST: '0.0.0.0', PORT: '4123' });
    const { email } = await register(test.anonymous);
    const mail = await mailTo(email, () => outboxOf(test.config));
    expect(mail.link).toMatch(/^http:\/\/127\.0\.0\.1:4123\/verify#token=/);
    // Not encoded: it can be copied from the file.
    expect(mail.raw).toContain(`\n${mail.link}\n`);
    const folder = join(test.config.of(ProcessConfig).dataDir, 'outbox');
    const [name = ''] = await readdir(folder);
    expect(name).toMatch(/^\d{4}-\d\d-\d\dT[\d.Z-]+-verify-email-[0-9a-f]{8}\.eml$/);
    const modes = [await stat(folder), await stat(join(folder, name))].map(({ mode }) => mode & 0o777);
    expect(modes).toEqual([0o700, 0o600]);
    await test.close();
  });

  it('production creates no user who would need a mail, and lets people register', async () => {
    const test = await createTestApp({ NODE_ENV: 'production', BCRYPT_ROUNDS: '10' });
    const admin = await test.anonymous.signIn('admin');
    const { email } = newCredentials();
    const answer = await admin.post(USERS, { email, name: 'Ada' });
    expect(answer.outcome).toBe('503 MAIL_NOT_CONFIGURED');
    expect(await test.connection.collection('users').countDocuments({ email })).toBe(0);
    await register(test.anonymous);
    await test.app.close();
    await expect(readdir(test.config.of(ProcessConfig).dataDir)).rejects.toThrow('ENOENT');
    expect(test.logs.filter(({ event }) => String(event).startsWith('mail_'))).toEqual([]);
  });
});
