import { define, defineErrors, RETRY_SOON } from '../../platform/errors/errors.js';

/** The errors of this feature, in addition to those of its resource. */
export const FileErrors = defineErrors({
  FILE_TOO_LARGE: define(413, 'The file is larger than this server accepts'),
  FILE_TYPE_NOT_ALLOWED: define(
    415,
    'Files of this type are not accepted; the content decides, not the name',
  ),
  FILE_INFECTED: define(422, 'The file is infected with a virus, and was not stored'),
  FILE_QUOTA_EXCEEDED: define(409, 'There is no room for this file; delete others first'),
  FILE_NOT_READY: define(409, 'The file has no bytes yet, or they were refused'),
  UPLOAD_MISSING: define(409, 'Nothing has been uploaded yet; send the bytes to the URL of the upload first'),
  UPLOAD_DIFFERS: define(
    409,
    'The bytes do not have the size or SHA-256 that was announced; upload them again',
  ),
  UPLOAD_ENDED: define(409, 'The upload is completed, or was refused'),
  PICTURE_NOT_MADE: define(
    409,
    'No smaller picture can be made of this file: it is damaged or has more than 50 million pixels (AVIF: 16 million)',
  ),
  RANGE_NOT_SATISFIABLE: define(416, 'The file has no such bytes'),
  STORAGE_FULL: define(507, 'The server has no room left for files', 'error'),
  STORAGE_UNAVAILABLE: define(503, 'The file storage does not answer; try again later', 'error', RETRY_SOON),
  SCANNER_UNAVAILABLE: define(
    503,
    'The file could not be scanned for viruses, and was not stored; try again later',
    'error',
    RETRY_SOON,
  ),
});
