import { define, defineErrors, notFoundError } from '../../errors/errors.js';

export const ExecutionErrors = defineErrors({
  EXECUTION_FINISHED: define(409, 'The execution is over'),
  EXECUTION_NOT_WAITING: define(409, 'The execution does not wait for this'),
  EXECUTIONS_TOO_MANY: {
    ...define(429, 'Too many executions are waiting; try again when some are done', 'warn'),
    saysWhen: true,
  },
});

export const EXECUTION_NOT_FOUND = notFoundError('execution');
