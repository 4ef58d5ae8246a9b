import { defineEvents } from '../../platform/logging/events.js';

/** What the log tells of this feature. */
export const LanguageModelEvents = defineEvents({
  language_model_failed: {
    level: 'warn',
    about:
      'The language model gave no answer: `reason`, `status` of its server, `durationMs`. What was asked is not logged.',
  },
});
