import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { SendMail } from '../src/modules/outbox/send-mail.executor.js';
import { AccountMails, type Notice } from '../src/modules/users/account-mails.js';
import { SYSTEM } from '../src/platform/access/caller.js';
import { type Transaction, Transactions } from '../src/platform/database/transactions.js';
import { Executions } from '../src/platform/executions/executions.js';
import { htmlOf } from '../src/platform/mail/mail-html.js';
import { MailServer } from './support/mail-server.js';
import { eventually, mailTo, outboxOf, type ReadMail } from './support/mails.js';
import { newOrganization } from './support/organizations.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import { register, registerVerified } from './support/users.js';

const ORIGIN = 'https://product.test';

describe('mails that a feature has for its users', () => {
  let server: MailServer;
  let test: TestApp;

  beforeAll(async () => {
    server = await MailServer.start();
    test = await createTestApp({ SMTP_URL: server.url, PUBLIC_URL: ORIGIN });
  });
  afterAll(async () => {
    await test.close();
    await server.close();
  });

  const eventsOf = (name: string, id: string) =>
    test.logs.filter(({ event, userId }) => event === name && userId === id);
  const arrived = (address: string): Promise<ReadMail> => mailTo(address, () => server.mails);
  const notice: Notice = {
    kind: 'trial-notice',
    subject: 'Päper <jam>\r\nBcc: mallory@evil.test',
    lines: ['It is <b>stuck</b> & "hot".', 'See www.evil.test', '', 'Open it:'],
    path: '/console/projects/66f1a0c2e4b0a1b2c3d4e5f7',
  };
  const link = `${ORIGIN}${notice.path}`;
  const tell = (id: string | null | undefined, transaction?: Transaction) =>
    test.app.get(AccountMails, { strict: false }).tell(id, notice, transaction);
  const transact = (work: (transaction: Transaction) => Promise<void>) =>
    test.app.get(Transactions).run(work);
  const storedTo = (id: string) =>
    test.connection
      .collection('executions')
      .countDocuments({ type: 'outbox.send', ownerId: new Types.ObjectId(id) });
  const kindsTo = (id: string) => eventsOf('mail_sent', id).map(({ kind }) => kind);

  it('are sent as text and HTML with what the transaction writes, or not at all', async () => {
    const { id, email } = await registerVerified(test);
    await arrived(email);
    const undone = transact(async (transaction) => {
      await tell(id, transaction);
      throw new Error('Undone');
    });
    await expect(undone).rejects.toThrow('Undone');
    await transact((transaction) => tell(id, transaction));
    const mail = await mailTo(email, () => server.mails, 2);
    expect([mail.subject, mail.bcc, mail.text?.trim()]).toEqual([
      'Päper <jam> Bcc: mallory@evil.test',
      undefined,
      `It is <b>stuck</b> & "hot".\nSee www.evil.test\n\nOpen it:\n\n${link}`,
    ]);
    expect(mail.html).toContain('<title>Päper &lt;jam&gt;');
    expect(mail.html).toContain(
      '<p>It is &lt;b&gt;stuck&lt;/b&gt; &amp; &quot;hot&quot;.<br>\nSee www.evil.test</p>',
    );
    expect(mail.html?.match(/<a [^>]*>/g)).toEqual([`<a href="${link}">`]);
    expect(await storedTo(id)).toBe(2);
    await tell(id);
    expect(await eventually(() => kindsTo(id).length > 2 && kindsTo(id))).toEqual([
      'verify-email',
      'trial-notice',
      'trial-notice',
    ]);
  });

  it('are sent to nobody who has not verified the address', async () => {
    const { id, email } = await register(test.anonymous);
    await arrived(email);
    await transact((transaction) => tell(id, transaction));
    expect(await storedTo(id)).toBe(1);
  });

  it('are sent to nobody where the owner is an organization or absent', async () => {
    const organization = await newOrganization(await test.anonymous.signIn());
    const before = await test.connection.collection('executions').countDocuments();
    for (const owner of [organization, null, undefined]) {
      await tell(owner);
      await transact((transaction) => tell(owner, transaction));
    }
    expect(await test.connection.collection('executions').countDocuments()).toBe(before);
    expect(eventsOf('mail_failed', organization)).toEqual([]);
  });

  it('are sent however late, as links are not', async () => {
    const { id, email } = await registerVerified(test);
    await arrived(email);
    const mail = {
      kind: 'late',
      userId: id,
      to: { name: '', address: email },
      subject: 'Late',
      text: 'Late',
    };
    const late = { ...mail, requestId: '', composedAt: new Date(Date.now() - 31 * 60_000).toISOString() };
    const executions = test.app.get(Executions, { strict: false });
    await executions.start(SendMail, late, { scope: SYSTEM });
    await executions.start(SendMail, { ...late, kind: 'later', isNotice: true }, { scope: SYSTEM });
    await mailTo(email, () => server.mails, 2);
    const [failed] = await eventually(() => {
      const events = eventsOf('mail_failed', id);
      return events.length > 0 && events;
    });
    expect([failed?.['kind'], failed?.['reason']]).toEqual(['late', 'EXPIRED']);
    expect(await eventually(() => kindsTo(id).length > 1 && kindsTo(id))).toEqual(['verify-email', 'later']);
    // No request asked for it.
    expect(eventsOf('mail_sent', id).map((line) => 'requestId' in line)).toEqual([true, false]);
  });

  it('are written by development and test to files, unbroken', async () => {
    const developed = await createTestApp();
    const { id, email } = await registerVerified(developed);
    const path = `/console/projects/${'x'.repeat(100)}` as const;
    const long = { kind: 'trial-notice', subject: 'Trial', lines: ['A thing is yours.'], path };
    const mails = developed.app.get(AccountMails, { strict: false });
    await developed.app.get(Transactions).run((transaction) => mails.tell(id, long, transaction));
    const mail = await mailTo(email, async () =>
      (await outboxOf(developed.config)).filter(({ subject }) => subject === long.subject),
    );
    expect(mail.raw.split(mail.link)).toHaveLength(4);
    expect([mail.text, mail.html]).toEqual(Array(2).fill(expect.stringContaining('A thing is yours.')));
    await developed.close();
  });

  it('make a link of no address but the product’s', () => {
    const lines = [`${ORIGIN}/a?b="c"&d`, `${ORIGIN}.evil.test/`, `See ${ORIGIN}/a`, `${ORIGIN}/a b`];
    const html = htmlOf({ subject: '', text: lines.join('\n') }, ORIGIN);
    expect(html.match(/<a [^>]*>/g)).toEqual([`<a href="${ORIGIN}/a?b=&quot;c&quot;&amp;d">`]);
  });
});
