import { IsInt, IsOptional, IsString } from 'class-validator';
import { Executor } from '../../src/platform/executions/executor.js';
import type { Run } from '../../src/platform/executions/run.js';
import { RecordId } from '../../src/platform/validation/fields.js';

// The examples of docs/executions.md, word for word: executions-examples.e2e-spec.ts runs them.

/** Where the examples' effects go. */
export abstract class Letters {
  abstract send(to: string, text: string, key: string): Promise<void>;
}
export class RemindDto {
  @RecordId()
  invoiceId!: string;

  @IsOptional()
  @IsString()
  note?: string;
}

@Executor({ type: 'invoices.remind', input: RemindDto, attempts: 8, timeout: '30s' })
export class RemindCustomer {
  constructor(private readonly letters: Letters) {}

  async execute({ invoiceId, note = '' }: RemindDto, run: Run): Promise<string> {
    await run.step('first', ({ key }) => this.letters.send(invoiceId, note, key));
    await run.sleep('pause', '7d');
    await run.step('second', ({ key }) => this.letters.send(invoiceId, `Again: ${note}`, key));
    return 'reminded twice';
  }
}

export class ApproveDto {
  @IsInt()
  amount!: number;
}

@Executor({ type: 'payments.approve', input: ApproveDto })
export class ApprovePayment {
  constructor(private readonly letters: Letters) {}

  async execute({ amount }: ApproveDto, run: Run): Promise<string> {
    const answer = await run.waitFor<{ approved: boolean }>('approval', { for: '30d' });
    if (!answer?.approved) return 'not approved';
    await run.step('pay', { effect: 'once' }, ({ key }) => this.letters.send('bank', `${amount}`, key));
    return 'paid';
  }
}
