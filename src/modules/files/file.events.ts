import { defineEvents } from '../../platform/logging/events.js';

/** What the log tells of this feature. */
export const FileEvents = defineEvents({
  file_storage_failed: {
    level: 'warn',
    about: 'An operation of the file storage failed; `reason` is the code of the error.',
  },
  file_infected: {
    level: 'warn',
    about: 'An upload was refused because the virus scanner found something; `signature` is its name for it.',
  },
  file_scanner_failed: {
    level: 'warn',
    about: 'The virus scanner did not scan a file; `reason` is the code of the error or its message.',
  },
  loose_contents_removed: {
    level: 'info',
    about: 'Bytes that belong to no file were removed: those of abandoned uploads and deleted files.',
  },
});
