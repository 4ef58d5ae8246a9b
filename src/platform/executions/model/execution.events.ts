import { defineEvents } from '../../logging/events.js';

export const ExecutionEvents = defineEvents({
  execution_failed: {
    level: 'warn',
    about: 'An execution failed for good; `type` and `code` say what and why. It can be retried.',
  },
  execution_needs_attention: {
    level: 'warn',
    about: 'It is unknown whether a step of an execution took effect; somebody has to resolve it.',
  },
  execution_resolved: {
    level: 'warn',
    about: 'Somebody resolved a step whose outcome was unknown; `outcome` says how.',
  },
  execution_cancelled: { level: 'info', about: 'An execution was cancelled.' },
  execution_lease_lost: {
    level: 'warn',
    about: 'A process could not renew its lease in time; others continue its executions.',
  },
  executions_taken_over: { level: 'warn', about: 'Executions of a dead process were taken over.' },
  execution_clock_jumped: {
    level: 'warn',
    about: 'The database’s time jumped by `ms`: the clocks of its members should agree within a second.',
  },
});
