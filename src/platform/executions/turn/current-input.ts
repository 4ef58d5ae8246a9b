import { faultOf, isFinal } from '../model/step-faults.js';
import type { Outcome } from './turn-frame.js';
import type { Definition } from '../model/registry.js';

type Current =
  | { readonly input: object; readonly outcome?: undefined }
  | { readonly input?: undefined; readonly outcome: Outcome };

function failed(code: string, message: string): Current {
  const fault = { code, message };
  return { outcome: { kind: 'failed', fault, error: undefined, isFinal: true } };
}

/** The input of an execution as its executor takes it today, or the outcome where it does not. */
export function currentInput(
  stored: unknown,
  version: number,
  { validate, version: current, upgrade, title }: Definition,
): Current {
  let input = stored;
  if (version !== current) {
    if (!upgrade) {
      const message = `It was started with version ${version} of ${title}, which is at ${current} now and has no upgrade`;
      return failed('EXECUTOR_VERSION', message);
    }
    try {
      input = upgrade(input, version);
    } catch (error) {
      return { outcome: { kind: 'failed', fault: faultOf(error), error, isFinal: isFinal(error) } };
    }
  }
  const { value, faults } = validate(input);
  if (value) return { input: value };
  const fields = faults.map(({ path, message }) => `${path} ${message}`).join('; ');
  return failed('VALIDATION_ERROR', `Its input does not fit ${title} any more: ${fields}`);
}
