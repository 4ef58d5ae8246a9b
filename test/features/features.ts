import { readdirSync } from 'node:fs';
import type { Feature } from '../support/feature.js';

const files = readdirSync(import.meta.dirname).filter(
  (file) => file !== 'features.ts' && !/\.fields-\d\.ts$/.test(file),
);
const tables = await Promise.all(
  files
    .toSorted()
    .map(async (file) =>
      Object.values((await import(`./${file}`)) as Record<string, Feature>).filter(
        (each) => 'fields' in each,
      ),
    ),
);

/** Every feature that keeps records, by its name: what the files beside this one export. */
export const FEATURES: readonly Feature[] = tables.flat();
