import { ApiError, define, defineErrors, RETRY_SOON } from '../../platform/errors/errors.js';
import type { Detail } from '../../platform/errors/errors.js';

/** The errors of this feature. */
export const LanguageModelErrors = defineErrors({
  LANGUAGE_MODEL_NOT_CONFIGURED: define(503, 'This server has no language model', 'warn', {
    'retry-after': '3600',
  }),
  LANGUAGE_MODEL_UNAVAILABLE: define(
    503,
    'The language model does not answer; try again later',
    'error',
    RETRY_SOON,
  ),
  LANGUAGE_MODEL_FAILED: define(502, 'The language model gave no usable answer', 'error'),
});

/** Failures that pass. */
const PASSING = ['rate-limited', 'failed', 'unreachable', 'timeout'] as const;

/**
 * Why there is no answer. Trying again makes sense when the server takes no more for now (429), fails (5xx), breaks
 * the connection off, or says nothing in time. It has refused the request when key, model or schema are wrong (other
 * 4xx). What came is a refusal of the model, ends before its end, is no JSON, or does not pass as the DTO.
 */
export type LanguageModelReason =
  | (typeof PASSING)[number]
  | 'rejected'
  | 'refused'
  | 'cut'
  | 'no-json'
  | 'wrong-shape';

interface ErrorContext {
  /** What the server answered with. */
  readonly status?: number | undefined;
  /** Seconds after which trying again makes sense. */
  readonly retryAfter?: number | undefined;
  /** What the DTO has against the answer: paths and rules, no values. */
  readonly faults?: readonly Detail[];
}

/** The language model gave no answer. Holds nothing of what was asked or answered. */
export class LanguageModelError extends ApiError {
  readonly upstreamStatus: number | undefined;
  readonly faults: readonly Detail[];

  constructor(
    readonly reason: LanguageModelReason,
    { status, retryAfter, faults = [] }: ErrorContext = {},
  ) {
    const { LANGUAGE_MODEL_UNAVAILABLE, LANGUAGE_MODEL_FAILED } = LanguageModelErrors;
    const definition = isPassing(reason) ? LANGUAGE_MODEL_UNAVAILABLE : LANGUAGE_MODEL_FAILED;
    super(definition, retryAfter === undefined ? {} : { retryAfter });
    this.upstreamStatus = status;
    this.faults = faults;
  }
}

/** Whether the same question may be answered later. */
export function isPassing(reason: LanguageModelReason): boolean {
  return PASSING.some((each) => each === reason);
}
