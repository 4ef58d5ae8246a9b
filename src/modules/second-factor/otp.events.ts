import { defineEvents } from '../../platform/logging/events.js';

/** The domain events of this feature. */
export const OtpEvents = defineEvents({
  otp_enabled: { level: 'info', about: 'A user turned on its second factor.' },
  otp_disabled: { level: 'warn', about: 'A user turned off its second factor.' },
  otp_refused: {
    level: 'warn',
    about:
      'The password was right and the code of the second factor was not: somebody may have the password.',
  },
  recovery_code_used: { level: 'warn', about: 'A user used a recovery code instead of a code of its app.' },
});
