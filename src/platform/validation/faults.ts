import type { Detail } from '../errors/errors.js';

/** Most faults that one answer names, and most of a field's name that it repeats. */
const MAX_DETAILS = 50;
const MAX_NAME = 100;

/** Whether there are enough faults to tell what is wrong, so that looking for more is no use. */
export function isEnough(faults: readonly Detail[]): boolean {
  return faults.length >= MAX_DETAILS;
}

/** Adds a fault, unless there are enough. */
export function report(faults: Detail[], path: string, message: string): void {
  if (!isEnough(faults)) faults.push({ path, message });
}

/** Adds the fault of a field that nobody declared. `path` is where it stands: empty, or with a dot at its end. */
export function reportUnknown(faults: Detail[], path: string, name: string): void {
  report(faults, path + name.slice(0, MAX_NAME), 'is not a known field');
}
