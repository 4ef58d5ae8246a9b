import { apiError } from '../../platform/errors/errors.js';
import { FileErrors } from './file.errors.js';
import { FileStoreError } from './file-store.js';

/** Converts errors of the store to coded errors; others stay as they are. */
export function answerable(error: unknown): unknown {
  if (!(error instanceof FileStoreError)) return error;
  const { STORAGE_FULL, STORAGE_UNAVAILABLE } = FileErrors;
  return apiError(error.fault === 'full' ? STORAGE_FULL : STORAGE_UNAVAILABLE, { cause: error });
}
