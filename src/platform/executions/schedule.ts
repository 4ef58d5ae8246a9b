/** What an executor is started with at fixed times. */
export * from './model/schedule.js';
