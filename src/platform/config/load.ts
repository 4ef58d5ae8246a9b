import { existsSync } from 'node:fs';
import { type Config, parseConfig } from './config.js';
import { completeSecrets } from './secrets.js';

/** The environment of this process, for parsing and for handing on to child processes. Read nowhere else. */
export const environment = process.env;

/**
 * The configuration of this process: its environment, and what a `.env` file in the working directory adds.
 * @throws ConfigError with every fault at once
 */
export function loadConfig(): Config {
  if (existsSync('.env')) process.loadEnvFile('.env');
  return completeSecrets(parseConfig(environment));
}
