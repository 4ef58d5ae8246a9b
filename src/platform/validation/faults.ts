import type { Detail } from '../errors/errors.js';

/** Maximum number of faults in a response, and maximum length of a field name that it repeats. */
const MAX_DETAILS = 50;
const MAX_NAME = 100;

/** Whether enough faults have been found to stop looking. */
export function isEnough(faults: readonly Detail[]): boolean {
  return faults.length >= MAX_DETAILS;
}

/** Adds a fault, unless there are enough. */
export function report(faults: Detail[], path: string, message: string): void {
  if (!isEnough(faults)) faults.push({ path, message });
}

/** Adds the fault of an undeclared field. `path` is that of its parent: empty, or with a trailing dot. */
export function reportUnknown(faults: Detail[], path: string, name: string): void {
  report(faults, path + name.slice(0, MAX_NAME), 'is not a known field');
}
