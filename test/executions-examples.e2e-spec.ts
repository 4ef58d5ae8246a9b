import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SYSTEM } from '../src/platform/access/caller.js';
import { describeExecutor } from './support/describe-executor.js';
import { ApprovePayment, Letters, RemindCustomer } from './support/execution-examples.js';
import { EngineLab } from './support/executions.js';
import { addToApp } from './support/nest-lab.js';
import { createTestApp, type TestApp } from './support/test-app.js';

const DAY = 86_400_000;
const sent: { readonly to: string; readonly key: string }[] = [];
const letters: Letters = {
  send: (to, _text, key) => Promise.resolve(void sent.push({ to, key })),
};
addToApp({
  providers: [RemindCustomer, ApprovePayment, { provide: Letters, useValue: letters }],
});

describe('the examples of docs/executions.md', () => {
  let test: TestApp;
  let lab: EngineLab;

  beforeAll(async () => {
    test = await createTestApp();
    lab = EngineLab.of(test);
  });
  afterAll(() => test.close());

  it('are these, word for word', () => {
    const source = readFileSync('test/support/execution-examples.ts', 'utf8');
    const page = readFileSync('docs/executions.md', 'utf8');
    const blocks = [...page.matchAll(/```ts example\n(.*?)```/gs)].map(([, code = '']) => code.trim());
    expect(blocks).toHaveLength(2);
    expect(blocks.filter((code) => !source.includes(code))).toEqual([]);
  });

  it('remind a customer, and again after a week', async () => {
    const input = { invoiceId: '66f1a0c2e4b0a1b2c3d4e5f7', note: 'Please pay' };
    const { id } = await lab.executions.start(RemindCustomer, input, { scope: SYSTEM });
    await lab.until(id, 'waiting');
    lab.advance(7 * DAY + 1_000);
    expect((await lab.until(id, 'succeeded')).result).toBe('reminded twice');
    expect(sent.map(({ key }) => key)).toEqual([`${id}.first`, `${id}.second`]);
  });

  it('wait for days until somebody approves', async () => {
    const { id } = await lab.executions.start(ApprovePayment, { amount: 12 }, { scope: SYSTEM });
    await lab.until(id, 'waiting');
    lab.advance(20 * DAY);
    await lab.executions.signal(SYSTEM, id, 'approval', { approved: true });
    expect((await lab.until(id, 'succeeded')).result).toBe('paid');
  });
});

describeExecutor(RemindCustomer, {
  input: { invoiceId: '66f1a0c2e4b0a1b2c3d4e5f7' },
  result: 'reminded twice',
});
