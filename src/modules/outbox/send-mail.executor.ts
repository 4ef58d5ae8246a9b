import { Executor } from '../../platform/executions/executor.js';
import { fail, type Run } from '../../platform/executions/run.js';
import { Mailer } from '../../platform/mail/mailer.js';
import { isTemporary } from '../../platform/mail/mail-failure.js';
import { requestContext } from '../../platform/logging/request-context.js';
import { SendMailDto } from './send-mail.dto.js';

const ATTEMPTS = 10;
/** No link in a mail is valid for longer, in milliseconds: later, it would lead nowhere. */
const USEFUL_MS = 30 * 60_000;

/** Gives a mail to the mail server. It may get there twice, with one Message-ID. */
@Executor({
  type: 'outbox.send',
  input: SendMailDto,
  attempts: ATTEMPTS,
  timeout: '1m',
  concurrency: 8,
  encrypted: true,
})
export class SendMail {
  constructor(private readonly mailer: Mailer) {}

  async execute({ requestId, composedAt, ...mail }: SendMailDto, run: Run): Promise<void> {
    await requestContext.run({ ...requestContext.getStore(), requestId }, () =>
      run.step('send', async ({ key, attempt }) => {
        const isLate = Date.now() - Date.parse(composedAt) > USEFUL_MS;
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
