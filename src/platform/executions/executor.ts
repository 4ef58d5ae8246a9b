/** What features declare executors with. */
export * from './model/executor.js';
