import type { Ability } from '../specification/feature.ts';
import { changed, type Changes, type Project } from '../project/project.ts';
import type { Addition, Extended } from './addition.ts';
import { refuse } from '../naming/refusal.ts';
import { batch } from './batch.ts';
import { exported } from './export.ts';
import { imported } from './import.ts';
import { ABILITY_IMPORTS } from './imported.ts';
import { trash } from './trash.ts';

/** What else an ability writes, beside its line in the resource. */
const ADDITIONS: Readonly<Partial<Record<Ability, Addition>>> = {
  batch,
  export: exported,
  import: imported,
  trash,
};

/**
 * What a feature that is there writes beside its resource to be able to do more, before it is formatted.
 * @throws Refusal for files that have another shape
 */
export function withAdditions(project: Project, feature: Extended, abilities: readonly Ability[]): Changes {
  const { Record, plural } = feature.names;
  if (abilities.some((ability) => ADDITIONS[ability]) && Object.hasOwn(ABILITY_IMPORTS, Record)) {
    refuse(`"${plural}" would declare ${Record}, used by what --add writes; choose another name`);
  }
  const added = new Map<string, string>();
  for (const ability of abilities) {
    const further = ADDITIONS[ability]?.(changed(project, added), feature) ?? [];
    for (const [path, text] of further) added.set(path, text);
  }
  return added;
}
