import { Secret, TOTP } from 'otpauth';
import type { TestApp } from './test-app.js';
import type { Answer, TestClient } from './test-client.js';
import { type Credentials, LOGIN, registerVerified } from './users.js';

export const OTP = '/api/v1/auth/otp';
export const STEP_UP = '/api/v1/auth/step-up';

const PERIOD_MS = 30_000;
/** Longer than any test takes between making a code and using it. */
const ROOM_MS = 5_000;

/** What an authenticator app shows `steps` steps from now. */
export function codeOf(secret: string, steps = 0): string {
  const timestamp = Date.now() + steps * PERIOD_MS;
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp });
}

/** A code that is right at no time near now. */
export function wrongCodeOf(secret: string): string {
  const near = new Set([-3, -2, -1, 0, 1, 2, 3].map((steps) => codeOf(secret, steps)));
  return ['000000', '111111', '222222', '333333'].find((code) => !near.has(code)) ?? '444444';
}

/** Waits until the present step goes on for long enough that what is counted from now stays right. */
export async function steadyStep(): Promise<void> {
  const left = PERIOD_MS - (Date.now() % PERIOD_MS);
  if (left < ROOM_MS) await new Promise((resolve) => setTimeout(resolve, left + 50));
}

/** Somebody who has registered and signed in. */
export interface Person extends Credentials {
  readonly id: string;
  /** Its own, so that nobody else's failures are counted for it. */
  readonly address: string;
  readonly client: TestClient;
}

export interface Protected extends Person {
  readonly secret: string;
  readonly recoveryCodes: readonly [string, string, ...string[]];
}

/** Signs in again. */
export function signIn(
  test: TestApp,
  { email, password, address }: Credentials & { readonly address?: string },
  otp?: string,
): Promise<Answer> {
  return test.anonymous
    .from(address ?? '127.0.0.1')
    .post(LOGIN, { email, password, ...(otp !== undefined && { otp }) });
}

/** The caller that signing in has made. */
export function signedIn(test: TestApp, { body, text }: Answer, address = '127.0.0.1'): TestClient {
  if (!body.success) throw new Error(`Not signed in: ${text}`);
  return test.anonymous.from(address).with({ authorization: `Bearer ${String(body.data.accessToken)}` });
}

let people = 0;

export async function newPerson(test: TestApp): Promise<Person> {
  const address = `198.51.${(people >> 8) & 255}.${people++ & 255}`;
  const credentials = { ...(await registerVerified(test, address)), address };
  return { ...credentials, client: signedIn(test, await signIn(test, credentials), address) };
}

/** Somebody with a second factor. It was confirmed by the code of the step before: those of now and next are left. */
export async function newProtected(test: TestApp): Promise<Protected> {
  const person = await newPerson(test);
  const enabled = await person.client.post(`${OTP}/enable`, { password: person.password });
  const secret = String(enabled.body.data.secret);
  await steadyStep();
  const confirmed = await person.client.post(`${OTP}/confirm`, { otp: codeOf(secret, -1) });
  if (confirmed.status !== 200) throw new Error(`Not confirmed: ${confirmed.text}`);
  return { ...person, secret, recoveryCodes: confirmed.body.data.recoveryCodes };
}
