import { Refusal } from '../../schematics/naming/refusal.ts';

/** Whether something is not refused. What fails otherwise is no refusal. */
export function withoutFault(ask: () => unknown): boolean {
  try {
    ask();
    return true;
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}
