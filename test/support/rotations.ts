import { FEATURES } from '../features/features.js';

/** What a rotation of keys tells, without the features, whose collections are empty in its tests. */
export function withoutFeatures(output: string): string {
  const empty = new Set(FEATURES.map(({ collection }) => `${collection}: 0 values re-encrypted`));
  return output
    .split('\n')
    .filter((line) => !empty.has(line))
    .join('\n');
}
