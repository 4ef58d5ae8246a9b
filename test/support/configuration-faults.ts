import { ConfigError, parseConfig } from '../../src/platform/config/config.js';
import type { Environment, Fault } from '../../src/platform/config/env.js';

/** Everything that is wrong with an environment. */
export function faultsOf(env: Environment): readonly Fault[] {
  try {
    parseConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}
