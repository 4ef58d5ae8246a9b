import { defineEvents } from '../logging/events.js';

export const ExecutionEvents = defineEvents({
  execution_failed: {
    level: 'warn',
    about: 'An execution failed for good; `type` and `code` say what and why. It can be tried again.',
  },
  execution_needs_attention: {
    level: 'warn',
    about: 'Nobody knows whether a step of an execution took effect; somebody has to say so.',
  },
  execution_resolved: { level: 'warn', about: 'Somebody said what became of a step; `outcome` says what.' },
  execution_cancelled: { level: 'info', about: 'An execution was cancelled.' },
  execution_lease_lost: {
    level: 'warn',
    about: 'A process could not renew its lease in time; others go on with its executions.',
  },
  executions_taken_over: { level: 'warn', about: 'Executions of a process that has ended go on elsewhere.' },
  execution_clock_jumped: {
    level: 'warn',
    about: 'The database’s time jumped by `ms`: the clocks of its members should agree within a second.',
  },
});
