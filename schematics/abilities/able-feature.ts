import { newFeature } from '../project/new-feature.ts';
import { changed, type Changes, type Project } from '../project/project.ts';
import type { Feature } from '../specification/feature.ts';
import { withAdditions } from './abilities.ts';

/**
 * Everything that a new feature writes, with what it can do besides, before it is formatted.
 * @throws Refusal when it cannot be
 */
export function ableFeature(project: Project, feature: Feature): Changes {
  const written = newFeature(project, feature);
  const added = withAdditions(changed(project, written), feature, feature.abilities ?? []);
  return new Map([...written, ...added]);
}
