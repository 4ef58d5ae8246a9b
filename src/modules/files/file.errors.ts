import { define, defineErrors, RETRY_SOON } from '../../platform/errors/errors.js';

/** The errors of this feature, beside those that its resource makes. */
export const FileErrors = defineErrors({
  FILE_TOO_LARGE: define(413, 'The file is larger than this server accepts'),
  FILE_TYPE_NOT_ALLOWED: define(
    415,
    'Files of this type are not accepted; its content decides, not its name',
  ),
  FILE_QUOTA_EXCEEDED: define(409, 'There is no room for this file; delete others first'),
  RANGE_NOT_SATISFIABLE: define(416, 'The file has no such bytes'),
  STORAGE_FULL: define(507, 'The server has no room for files left', 'error'),
  STORAGE_UNAVAILABLE: define(
    503,
    'The storage of files does not answer; try again later',
    'error',
    RETRY_SOON,
  ),
});
