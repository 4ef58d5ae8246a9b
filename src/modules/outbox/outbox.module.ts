import { Global, Injectable, Module } from '@nestjs/common';
import type { Scope } from '../../platform/access/caller.js';
import type { Transaction } from '../../platform/database/transactions.js';
import { ExecutionClock } from '../../platform/executions/model/clock.js';
import { Executions } from '../../platform/executions/executions.js';
import { requestContext } from '../../platform/logging/request-context.js';
import type { Mail } from '../../platform/mail/mail.js';
import { MailModule } from '../../platform/mail/mail.module.js';
import { MailOutbox } from '../../platform/mail/mail-outbox.js';
import { SendMail } from './send-mail.executor.js';

@Injectable()
class DurableOutbox implements MailOutbox {
  constructor(
    private readonly executions: Executions,
    private readonly clock: ExecutionClock,
  ) {}

  async take(mail: Mail, transaction?: Transaction): Promise<void> {
    const input = {
      ...mail,
      requestId: requestContext.getStore()?.requestId ?? '',
      composedAt: this.clock.now().toISOString(),
    };
    // Whose it is; but a mail about an account is sent whatever its user may do.
    const scope: Scope = { actor: { kind: 'system' }, owner: { kind: 'user', id: mail.userId } };
    await this.executions.start(SendMail, input, { scope, ...(transaction && { transaction }) });
  }
}

/** Mails as executions: they are sent even if the process that composed them is killed. */
@Global()
@Module({
  imports: [MailModule],
  providers: [SendMail, { provide: MailOutbox, useClass: DurableOutbox }],
  exports: [MailOutbox],
})
export class OutboxModule {}
