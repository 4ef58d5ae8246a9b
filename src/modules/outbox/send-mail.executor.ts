import { ExecutionClock } from '../../platform/executions/model/clock.js';
import { Executor } from '../../platform/executions/executor.js';
import { fail, type Run } from '../../platform/executions/run.js';
import { Mailer } from '../../platform/mail/mailer.js';
import { isTemporary } from '../../platform/mail/mail-failure.js';
import { requestContext } from '../../platform/logging/request-context.js';
import { SendMailDto } from './send-mail.dto.js';

const ATTEMPTS = 10;
/** Links in mails are valid for at most this long, in milliseconds; later the mail would be useless. */
const USEFUL_MS = 30 * 60_000;

/** Passes a mail to the mail server, possibly twice, but with the same Message-ID. */
@Executor({
  type: 'outbox.send',
  input: SendMailDto,
  attempts: ATTEMPTS,
  timeout: '1m',
  cancellable: false,
  concurrency: 8,
  encrypted: true,
})
export class SendMail {
  constructor(
    private readonly mailer: Mailer,
    private readonly clock: ExecutionClock,
  ) {}

  async execute({ requestId, composedAt, ...mail }: SendMailDto, run: Run): Promise<void> {
    const { requestId: _own, ...context } = requestContext.getStore() ?? {};
    await requestContext.run({ ...context, ...(requestId && { requestId }) }, () =>
      run.step('send', async ({ key, attempt }) => {
        const isLate = !mail.isNotice && this.clock.now().getTime() - Date.parse(composedAt) > USEFUL_MS;
        if (isLate) {
          this.mailer.noteFailed(mail, Object.assign(new Error('Too late'), { code: 'EXPIRED' }));
          fail('What it brings has expired; ask for another one', 'EXPIRED');
        }
        try {
          await this.mailer.deliver(mail, key);
        } catch (error) {
          const isLast = !isTemporary(error) || attempt === ATTEMPTS;
          if (isLast) this.mailer.noteFailed(mail, error);
          if (!isTemporary(error)) fail('The mail server refuses it', 'MAIL_REFUSED');
          throw error;
        }
      }),
    );
  }
}
