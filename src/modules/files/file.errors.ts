import { define, defineErrors, RETRY_SOON } from '../../platform/errors/errors.js';

/** The errors of this feature, beside those that its resource makes. */
export const FileErrors = defineErrors({
  FILE_TOO_LARGE: define(413, 'The file is larger than this server accepts'),
  FILE_TYPE_NOT_ALLOWED: define(
    415,
    'Files of this type are not accepted; its content decides, not its name',
  ),
  FILE_QUOTA_EXCEEDED: define(409, 'There is no room for this file; delete others first'),
  FILE_NOT_READY: define(409, 'The file has no bytes yet, or they were refused'),
  UPLOAD_MISSING: define(409, 'Nothing was uploaded yet; send the bytes to the address of the upload first'),
  UPLOAD_DIFFERS: define(
    409,
    'The bytes are not of the size or SHA-256 that was announced; upload them again',
  ),
  UPLOAD_ENDED: define(409, 'The upload is completed, or was refused'),
  PICTURE_NOT_MADE: define(
    409,
    'No smaller picture can be made of this file: it is damaged, or has more than 50 million pixels',
  ),
  RANGE_NOT_SATISFIABLE: define(416, 'The file has no such bytes'),
  STORAGE_FULL: define(507, 'The server has no room for files left', 'error'),
  STORAGE_UNAVAILABLE: define(
    503,
    'The storage of files does not answer; try again later',
    'error',
    RETRY_SOON,
  ),
});
