import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Feature } from '../support/feature.js';

const require = createRequire(import.meta.url);

const files = readdirSync(import.meta.dirname).filter(
  (file) => file !== 'features.ts' && !/\.fields-\d\.ts$/.test(file),
);

/** Every feature that keeps records, by its name: what the files beside this one export. */
export const FEATURES: readonly Feature[] = files
  .toSorted()
  .flatMap((file) =>
    Object.values(require(`./${file}`) as Record<string, Feature>).filter((each) => 'fields' in each),
  );
