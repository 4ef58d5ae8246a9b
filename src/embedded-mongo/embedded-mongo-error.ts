import { isNativeError } from 'node:util/types';

/** The embedded MongoDB cannot be used. The message is for the person at the terminal: what is wrong, what to do. */
export class EmbeddedMongoError extends Error {
  override name = 'EmbeddedMongoError';
}

/** What an unknown thrown value says, on one line. */
export function reasonOf(error: unknown): string {
  const text = isNativeError(error) ? error.message : String(error);
  return text.trim().replaceAll(/\s*\n\s*/g, '; ');
}
