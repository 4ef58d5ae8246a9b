/** What the code of an executor is given. */
export * from './model/run.js';
