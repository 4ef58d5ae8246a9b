import type { Environment } from '../../src/platform/config/env.js';
import { MailServer } from './mail-server.js';
import { mailTo, type ReadMail } from './mails.js';
import { createTestApp, type TestApp } from './test-app.js';
import type { Answer, TestClient } from './test-client.js';
import { type Credentials, newAddress, register } from './users.js';

export const CHANGE = '/api/v1/auth/password/change';
export const FORGOT = '/api/v1/auth/password/forgot';
export const RESET = '/api/v1/auth/password/reset';
export const VERIFY = '/api/v1/auth/email/verify';
export const CHANGE_EMAIL = '/api/v1/auth/email/change';
export const CONFIRM_EMAIL = `${CHANGE_EMAIL}/confirm`;
export const VERIFY_AGAIN = '/api/v1/auth/email/verify/request';

/** What people choose instead of `PASSWORD`. */
export const NEW_PASSWORD = 'staple battery horse';

/** Somebody who has registered. */
interface Registered extends Credentials {
  readonly id: string;
  /** Of the mail that came of it. */
  readonly verification: string;
}

/** The application and the mail server that its mails go to. */
export class Accounts {
  private constructor(
    readonly test: TestApp,
    readonly server: MailServer,
    readonly admin: TestClient,
  ) {}

  static async start(env: Environment = {}): Promise<Accounts> {
    const server = await MailServer.start();
    const test = await createTestApp({ SMTP_URL: server.url, ...env });
    return new Accounts(test, server, await test.anonymous.signIn('admin'));
  }

  async close(): Promise<void> {
    await this.test.close();
    await this.server.close();
  }

  /** Somebody at an address that nobody has used yet. */
  stranger(): TestClient {
    return this.test.anonymous.from(newAddress());
  }

  /** Registers somebody and waits for the mail that it causes. */
  async newUser(): Promise<Registered> {
    const registered = await register(this.test.anonymous);
    return { ...registered, verification: (await this.mailTo(registered.email)).token };
  }

  /** The same, who has shown that the mail arrived. */
  async newVerifiedUser(): Promise<Registered> {
    const registered = await this.newUser();
    const { text, status } = await this.stranger().post(VERIFY, { token: registered.verification });
    if (status !== 200) throw new Error(`Not verified: ${text}`);
    return registered;
  }

  /** Signs somebody in at a device of its own. */
  signIn({ email, password }: Credentials): Promise<TestClient> {
    return this.stranger().signInAs({ email, password });
  }

  mailsTo(address: string): ReadMail[] {
    return this.server.mails.filter(({ to }) => to?.[0]?.address === address);
  }

  /** The newest mail to somebody, once there are so many. */
  mailTo(address: string, count = 1): Promise<ReadMail> {
    return mailTo(address, () => this.server.mails, count);
  }

  /** Asks for a link and answers its token, once it has arrived. */
  async linkFor({ email }: Pick<Credentials, 'email'>): Promise<string> {
    const before = this.mailsTo(email).length;
    const answer = await this.stranger().post(FORGOT, { email });
    if (answer.status !== 202) throw new Error(`No link: ${answer.text}`);
    return (await this.mailTo(email, before + 1)).token;
  }

  reset(token: unknown, newPassword = NEW_PASSWORD): Promise<Answer> {
    return this.stranger().post(RESET, { token, newPassword });
  }
}
