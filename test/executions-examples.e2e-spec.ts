import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Types } from 'mongoose';
import { scopeOf, SYSTEM, type UserId } from '../src/platform/access/caller.js';
import type { Records } from '../src/platform/database/records.js';
import { describeExecutor, expectResult } from './support/describe-executor.js';
import {
  ApprovePayment,
  ExamplesModule,
  type Invoice,
  InvoicesService,
  type RemindDto,
  RemindOfInvoice,
} from './support/execution-examples.js';
import { EngineLab } from './support/executions.js';
import { eventually, outboxOf } from './support/mails.js';
import { addToApp } from './support/nest-lab.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';

const DAY = 86_400_000;
addToApp({ imports: [ExamplesModule] });

/** The code without the spaces in front of its lines. */
function flat(code: string): string {
  return code.trim().replaceAll(/^ +/gm, '');
}

const ownerOf = ({ userId }: TestClient) => scopeOf(userId as UserId);

describe('the examples of docs/executions.md', () => {
  let test: TestApp;
  let lab: EngineLab;
  let ada: TestClient;

  beforeAll(async () => {
    test = await createTestApp();
    lab = EngineLab.of(test);
    ada = await test.anonymous.signIn();
  });
  afterAll(() => test.close());

  const newInvoice = () => {
    const dueAt = new Date(lab.parts.clock.now().getTime() + 3 * DAY);
    const service = test.app.get(InvoicesService, { strict: false });
    return service.create(ownerOf(ada), { number: 'A-1', dueAt });
  };
  const reminderOf = async ({ _id }: Invoice): Promise<string> => {
    const stored = await test.connection
      .collection('executions')
      .findOne({ type: 'invoices.remind', ownerId: new Types.ObjectId(ada.userId) }, { sort: { _id: -1 } });
    expect(JSON.stringify(stored)).toContain(_id.toHexString());
    return String(stored?._id);
  };

  it('are these, word for word', () => {
    const source = flat(readFileSync('test/support/execution-examples.ts', 'utf8'));
    const page = readFileSync('docs/executions.md', 'utf8');
    const blocks = [...page.matchAll(/```ts example\n(.*?)```/gs)].map(([, code = '']) => flat(code));
    expect(blocks).toHaveLength(3);
    expect(blocks.filter((code) => !source.includes(code))).toEqual([]);
  });

  it('remind of an invoice when it is due, by one mail', async () => {
    const id = await reminderOf(await newInvoice());
    await lab.until(id, 'waiting');
    lab.advance(2 * DAY);
    expect((await lab.until(id, 'waiting')).result).toBeNull();
    lab.advance(DAY + 1_000);
    expect((await lab.until(id, 'succeeded')).result).toBe('reminded');
    const [mail] = await eventually(async () => {
      const mails = await outboxOf(test.config);
      return mails.length > 0 && mails;
    });
    expect(mail?.subject).toBe('Invoice A-1 is due');
  });

  it('remind of no invoice that was deleted meanwhile', async () => {
    const invoice = await newInvoice();
    const id = await reminderOf(invoice);
    await lab.until(id, 'waiting');
    await test.connection.collection('example_invoices').deleteOne({ _id: invoice._id });
    lab.advance(4 * DAY);
    expect((await lab.until(id, 'succeeded')).result).toBe('deleted meanwhile');
  });

  it('wait for days until somebody approves', async () => {
    const { id } = await lab.executions.start(ApprovePayment, { amount: 12 }, { scope: SYSTEM });
    await lab.until(id, 'waiting');
    lab.advance(20 * DAY);
    await lab.executions.signal(SYSTEM, id, 'approval', { approved: true });
    expect((await lab.until(id, 'succeeded')).result).toBe('paid');
  });
});

/** An invoice that nothing reminds of yet. */
async function input({ app, anonymous }: TestApp): Promise<RemindDto> {
  const records = app.get<Records<Invoice>>('ExampleInvoiceRecords', { strict: false });
  const fields = { number: 'A-1', dueAt: new Date(Date.now() + 3 * DAY) };
  const { _id, dueAt } = await records.create(ownerOf(await anonymous.signIn()), fields);
  return { invoiceId: _id.toHexString(), dueAt };
}

describeExecutor(RemindOfInvoice, { input, result: 'reminded' });

describe('the reminder of an invoice', () => {
  let test: TestApp;

  beforeAll(async () => {
    test = await createTestApp({ EXECUTIONS: 'off' });
  });
  afterAll(() => test.close());

  it.each(['effect:after', 'note:before'] as const)(
    'mails once, also when its process is killed at %s',
    async (point) => {
      const mails = () => test.connection.collection('executions').countDocuments({ type: 'outbox.send' });
      const before = await mails();
      await expectResult(test, RemindOfInvoice, { input, result: 'reminded' }, point);
      expect(await mails()).toBe(before + 1);
    },
  );
});
