import type { Feature } from '../support/feature.js';
import { projects } from './projects.js';

/** Every feature that keeps records, by its name. */
export const FEATURES: readonly Feature[] = [projects];
