import type { Accounts } from './accounts.js';
import { CHANGE_EMAIL, CONFIRM_EMAIL } from './accounts.js';
import type { ReadMail } from './mails.js';
import { type Answer, PASSWORD, type TestClient } from './test-client.js';
import { type Credentials, LOGIN, newCredentials } from './users.js';

export const newEmail = (): string => newCredentials().email;

/** Somebody who has asked for another address, and both mails. */
export interface Asked {
  readonly registered: Credentials & { readonly id: string };
  readonly client: TestClient;
  /** The address that was asked for. */
  readonly email: string;
  readonly mail: ReadMail;
  readonly undo: ReadMail;
  readonly answer: Answer;
}

export async function askForChange(accounts: Accounts, email = newEmail()): Promise<Asked> {
  const registered = await accounts.newVerifiedUser();
  const client = await accounts.signIn(registered);
  const answer = await client.post(CHANGE_EMAIL, { email });
  if (answer.status !== 202) throw new Error(`Not asked: ${answer.text}`);
  const undo = await accounts.mailTo(registered.email, 2);
  const mail = await accounts.mailTo(email);
  return { registered, client, email, undo, mail, answer };
}

export const confirm = (accounts: Accounts, token: string): Promise<Answer> =>
  accounts.stranger().post(CONFIRM_EMAIL, { token });

export const login = (accounts: Accounts, email: string, password = PASSWORD): Promise<Answer> =>
  accounts.stranger().post(LOGIN, { email, password });
