import { ApiError } from '../../errors/errors.js';
import { ofHttpError } from '../../errors/http-errors.js';
import type { Fault } from './execution.js';
import { JsonFault } from './json.js';
import { Again, Failure, StepError } from './run.js';

/** A step exceeded its timeout. */
export class StepTimeout extends Error {}

/** A programming error in an executor, which a retry cannot fix. The message is for the developer. */
export class UsageFault extends Error {}

/** Whether a retry would be useless. */
export function isFinal(error: unknown): boolean {
  return (
    error instanceof Failure ||
    error instanceof StepError ||
    error instanceof JsonFault ||
    error instanceof UsageFault
  );
}

/** What may be shown of an error: messages meant for people, never those of the database or stacks. */
export function faultOf(error: unknown): Fault {
  if (error instanceof Failure || error instanceof StepError)
    return { code: error.code, message: error.message };
  if (error instanceof Again) return { code: 'AGAIN', message: error.message };
  if (error instanceof JsonFault || error instanceof UsageFault) {
    return { code: 'EXECUTOR_FAULT', message: error.message };
  }
  if (error instanceof StepTimeout) return { code: 'TIMEOUT', message: 'It took longer than it may' };
  // Declared for people, as in answers; what Nest's own exceptions say may be meant for developers.
  if (error instanceof ApiError && error.code !== 'INTERNAL_ERROR')
    return { code: error.code, message: error.message };
  const known = ofHttpError(error);
  if (known && known.status < 500) return { code: known.code, message: known.message };
  return {
    code: known?.code ?? 'INTERNAL_ERROR',
    message: 'It failed with an unexpected error; the log has it',
  };
}
