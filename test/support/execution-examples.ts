import { Injectable, Module } from '@nestjs/common';
import { Prop, Schema, SchemaFactory } from '@nestjs/mongoose';
import { IsInt } from 'class-validator';
import { Types } from 'mongoose';
import type { Notice } from '../../src/modules/users/account-mails.js';
import { AccountMails } from '../../src/modules/users/account-mails.js';
import { UsersModule } from '../../src/modules/users/users.module.js';
import type { Scope } from '../../src/platform/access/caller.js';
import { OwnedRecord, RECORD_OPTIONS } from '../../src/platform/database/record.js';
import type { NewFields } from '../../src/platform/database/record.js';
import type { Records } from '../../src/platform/database/records.js';
import { InjectRecords, RecordsModule } from '../../src/platform/database/records.module.js';
import { resource } from '../../src/platform/database/resource.js';
import { Transactions } from '../../src/platform/database/transactions.js';
import { Executions } from '../../src/platform/executions/executions.js';
import { Executor } from '../../src/platform/executions/executor.js';
import type { Run } from '../../src/platform/executions/run.js';
import { RecordId, UtcTime } from '../../src/platform/validation/fields.js';
import { NO_PRECONDITION } from '../../src/platform/validation/precondition.js';

// The examples of docs/executions.md, word for word: executions-examples.e2e-spec.ts runs them.

/** Not called Invoice, as the record of a product's own may be. */
@Schema({ ...RECORD_OPTIONS, collection: 'example_invoices' })
class ExampleInvoice extends OwnedRecord {
  @Prop({ type: String, required: true })
  number!: string;

  @Prop({ type: Date, required: true })
  dueAt!: Date;

  @Prop({ type: Date })
  remindedAt?: Date | null;
}

export type Invoice = ExampleInvoice;

const ExampleInvoiceSchema = SchemaFactory.createForClass(ExampleInvoice);
ExampleInvoiceSchema.index({ ownerId: 1, createdAt: -1, _id: -1 });
ExampleInvoiceSchema.index({ createdAt: -1, _id: -1 });

export const invoices = resource({
  name: 'example invoice',
  record: ExampleInvoice,
  schema: ExampleInvoiceSchema,
});

const invoiceDue = ({ number }: Invoice): Notice => ({
  kind: 'invoice-due',
  subject: `Invoice ${number} is due`,
  lines: [`Invoice ${number} is due.`],
});

export class RemindDto {
  @RecordId()
  invoiceId!: string;

  @UtcTime()
  dueAt!: Date;
}

@Executor({ type: 'invoices.remind', input: RemindDto, attempts: 8, timeout: '30s' })
export class RemindOfInvoice {
  constructor(
    @InjectRecords(invoices) private readonly records: Records<Invoice>,
    private readonly transactions: Transactions,
    private readonly mails: AccountMails,
  ) {}

  async execute({ invoiceId, dueAt }: RemindDto, run: Run): Promise<string> {
    await run.sleep('until-due', dueAt);
    return run.step('remind', () => this.remind(run.scope, invoiceId));
  }

  private remind(scope: Scope, id: string): Promise<string> {
    return this.transactions.run(async (transaction) => {
      const invoice = await this.records.first(scope, { _id: new Types.ObjectId(id) }, transaction);
      if (!invoice) return 'deleted meanwhile';
      if (invoice.remindedAt) return 'reminded';
      await this.records.update(scope, id, NO_PRECONDITION, { remindedAt: new Date() }, transaction);
      await this.mails.tell(invoice.createdBy, invoiceDue(invoice), transaction);
      return 'reminded';
    });
  }
}

@Injectable()
export class InvoicesService {
  constructor(
    @InjectRecords(invoices) private readonly records: Records<Invoice>,
    private readonly transactions: Transactions,
    private readonly executions: Executions,
  ) {}

  create(scope: Scope, fields: NewFields<Invoice>): Promise<Invoice> {
    return this.transactions.run(async (transaction) => {
      const invoice = await this.records.create(scope, fields, transaction);
      const input = { invoiceId: invoice._id.toHexString(), dueAt: invoice.dueAt };
      await this.executions.start(RemindOfInvoice, input, { scope, transaction });
      return invoice;
    });
  }
}

/** Where money comes from. */
export abstract class Bank {
  abstract transfer(amount: number, key: string): Promise<void>;
}

export class ApproveDto {
  @IsInt()
  amount!: number;
}

@Executor({ type: 'payments.approve', input: ApproveDto })
export class ApprovePayment {
  constructor(private readonly bank: Bank) {}

  async execute({ amount }: ApproveDto, run: Run): Promise<string> {
    const answer = await run.waitFor<{ approved: boolean }>('approval', { for: '30d' });
    if (!answer?.approved) return 'not approved';
    await run.step('pay', { effect: 'once' }, ({ key }) => this.bank.transfer(amount, key));
    return 'paid';
  }
}

const bank: Bank = { transfer: () => Promise.resolve() };

@Module({
  imports: [RecordsModule.for(invoices), UsersModule],
  providers: [RemindOfInvoice, ApprovePayment, InvoicesService, { provide: Bank, useValue: bank }],
})
export class ExamplesModule {}
