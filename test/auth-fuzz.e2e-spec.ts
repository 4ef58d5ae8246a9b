import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ChangePasswordDto } from '../src/modules/account/account.dto.js';
import { CreateApiKeyDto } from '../src/modules/api-keys/api-key.dto.js';
import { LoginDto, LogoutDto, RefreshDto, RegisterDto } from '../src/modules/auth/auth.dto.js';
import {
  ForgotPasswordDto,
  ResetPasswordDto,
  VerifyEmailDto,
} from '../src/modules/mail-links/mailed-account.dto.js';
import { ConfirmOtpDto, DisableOtpDto, EnableOtpDto } from '../src/modules/second-factor/otp.dto.js';
import { CHANGE, FORGOT, RESET, VERIFY } from './support/accounts.js';
import { API_KEYS } from './support/api-keys.js';
import { inputsOf } from './support/dto-inputs.js';
import { OTP } from './support/second-factor.js';
import { report, SEED, soaked } from './support/soak.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { LOGIN, LOGOUT, newAddress, REFRESH, REGISTER } from './support/users.js';

const RUNS = soaked(10_000);

const ROUTES = [
  [REGISTER, RegisterDto],
  [LOGIN, LoginDto],
  [REFRESH, RefreshDto],
  [LOGOUT, LogoutDto],
  [CHANGE, ChangePasswordDto],
  [FORGOT, ForgotPasswordDto],
  [RESET, ResetPasswordDto],
  [VERIFY, VerifyEmailDto],
  [`${OTP}/enable`, EnableOtpDto],
  [`${OTP}/confirm`, ConfirmOtpDto],
  [`${OTP}/disable`, DisableOtpDto],
  [API_KEYS, CreateApiKeyDto],
] as const;

/** What a client may send as JSON: mostly close to what a route takes, at times any text. */
const requests = fc.oneof(
  ...ROUTES.map(([url, dto]) =>
    fc.record({
      url: fc.constant(url),
      body: fc.oneof(
        { weight: 9, arbitrary: inputsOf(dto).map((input) => JSON.stringify(input) ?? '') },
        { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 200 }) },
      ),
      isSignedIn: fc.boolean(),
    }),
  ),
);

describe('random bodies on the routes of auth', () => {
  let test: TestApp;
  let user: TestClient;

  beforeAll(async () => {
    test = await createTestApp();
    user = await test.anonymous.signIn();
  });
  afterAll(() => test.close());

  it(`are answered without a 5xx, ${RUNS} of them`, async () => {
    const statuses = new Map<number, number>();
    const sent = fc.asyncProperty(requests, async ({ url, body, isSignedIn }) => {
      // Each from an address of its own: limits would hide what is behind them.
      const caller = (isSignedIn ? user : test.anonymous).from(newAddress());
      const { status, text } = await caller.send('POST', url, body);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      // Whoever has signed out signs in again.
      if (url === LOGOUT && isSignedIn && status === 200) user = await test.anonymous.signIn();
      if (status >= 500) throw new Error(`${status}: ${text}`);
    });
    await fc.assert(sent, { numRuns: RUNS, seed: SEED });
    report(`${RUNS} random bodies: ${JSON.stringify(Object.fromEntries(statuses))}`);
    // Not all of them were stopped at the door.
    for (const status of [200, 201, 202, 400, 401]) expect(statuses.get(status)).toBeGreaterThan(RUNS / 1000);
  }, 240_000);
});
