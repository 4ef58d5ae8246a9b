import type { Ability } from '../specification/feature.ts';
import { changed, type Changes, type Project } from '../project/project.ts';
import type { Addition, Extended } from './addition.ts';
import { batch } from './batch.ts';

/** What else an ability writes, beside its line in the resource. */
const ADDITIONS: Readonly<Partial<Record<Ability, Addition>>> = { batch };

/**
 * What a feature that is there writes beside its resource to be able to do more, before it is formatted.
 * @throws Refusal for files that have another shape
 */
export function withAdditions(project: Project, feature: Extended, abilities: readonly Ability[]): Changes {
  const added = new Map<string, string>();
  for (const ability of abilities) {
    const further = ADDITIONS[ability]?.(changed(project, added), feature) ?? [];
    for (const [path, text] of further) added.set(path, text);
  }
  return added;
}
