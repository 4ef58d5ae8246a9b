import { defineEvents } from '../../platform/logging/events.js';

/** What the log tells of this feature. */
export const FileEvents = defineEvents({
  file_storage_failed: {
    level: 'warn',
    about: 'The storage of files could not do something; `reason` is the code of the error.',
  },
  loose_contents_removed: {
    level: 'info',
    about:
      'Bytes that no file holds were removed: of uploads that a process left behind, and of deleted files.',
  },
});
