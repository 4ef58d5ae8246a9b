import { applyDecorators } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import type { ErrorCode } from '../errors/errors.js';
import { routeConfig } from '../http/route-config.js';
import type { Caller } from './caller.js';

/** How long a proof of identity counts, in milliseconds. */
const PROOF_LIFETIME_MS = 10 * 60 * 1000;

/** What a route asks for beyond a valid token. */
export interface StepUpRule {
  /** Only if the body has one of these fields. */
  readonly fields?: readonly string[];
  /** Not if the body has this text field, which the route itself accepts as proof. */
  readonly unless?: string;
  /** Only for users with a second factor. */
  readonly secondFactor?: true;
  /** Also requires a verified email address. */
  readonly verified?: true;
  /** API keys pass if they have the route's permission. Otherwise none do: a key proves nothing about its user. */
  readonly apiKeys?: true;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    stepUp?: StepUpRule;
  }
}

/**
 * Requires a recent proof of identity, so that a stolen token alone is not enough: signing in is one, and so is `POST
 * /auth/step-up`. For actions that outlive the session or grant rights.
 */
export function StepUp(rule: StepUpRule = {}): MethodDecorator {
  return applyDecorators(ApiExtension('x-step-up', rule), routeConfig({ stepUp: rule }));
}

/** Why a caller must prove its identity first, if it must. */
export function missingFor(rule: StepUpRule, caller: Caller): ErrorCode | undefined {
  if (rule.verified && !caller.emailVerified) return 'EMAIL_NOT_VERIFIED';
  if (caller.apiKey !== undefined) return rule.apiKeys ? undefined : 'STEP_UP_REQUIRED';
  if (rule.secondFactor && !caller.otpEnabled) return undefined;
  return isProven(caller) ? undefined : 'STEP_UP_REQUIRED';
}

/** Whether the caller has proved its identity within the last ten minutes. */
export function isProven({ provenAt = 0 }: Caller): boolean {
  return Date.now() - provenAt < PROOF_LIFETIME_MS;
}

/** Whether the body must be known to tell if a rule applies. */
export function needsBody({ fields, unless }: StepUpRule): boolean {
  return fields !== undefined || unless !== undefined;
}

/** Whether a rule applies to a body. */
export function concerns({ fields, unless }: StepUpRule, body: unknown): boolean {
  const sent: Readonly<Record<string, unknown>> = { ...(body as object | null | undefined) };
  if (unless !== undefined && typeof sent[unless] === 'string') return false;
  return fields === undefined || fields.some((field) => field in sent);
}
