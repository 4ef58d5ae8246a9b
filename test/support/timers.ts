/** What `jest.useFakeTimers` leaves real to fake the date only. */
export const TIMERS = [
  'nextTick',
  'hrtime',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setInterval',
  'clearInterval',
  'setTimeout',
  'clearTimeout',
] as const;
