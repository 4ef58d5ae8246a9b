import { IsInt, IsOptional, IsString } from 'class-validator';
import { Executor } from '../../src/platform/executions/executor.js';
import type { Run } from '../../src/platform/executions/run.js';
import { RecordId } from '../../src/platform/validation/fields.js';

// The examples of docs/executions.md, word for word: executions-examples.e2e-spec.ts runs them.

/** Where the examples' effects go. */
export abstract class Letters {
  abstract send(to: string, text: string, key: string): Promise<void>;
}
/** Where the examples' rows come from and go to. */
export abstract class Rows {
  abstract read(from: number, count: number): Promise<string[]>;
  abstract write(rows: string[], key: string): Promise<number>;
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

export class ImportDto {
  @IsInt()
  rows!: number;
}

@Executor({ type: 'contacts.import', input: ImportDto })
export class ImportContacts {
  constructor(private readonly rows: Rows) {}

  async execute({ rows }: ImportDto, run: Run): Promise<{ created: number }> {
    let created = 0;
    for (let from = 0; from < rows; from += 500) {
      created += await run.step(`from-${from}`, async ({ key }) =>
        this.rows.write(await this.rows.read(from, 500), key),
      );
      run.progress(from + 500, rows, 'rows');
    }
    return { created };
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
