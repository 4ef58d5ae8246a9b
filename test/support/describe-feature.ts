import { afterAll, beforeAll, describe } from '@jest/globals';
import { describeAccess } from './describe-access.js';
import { describeBatch } from './describe-batch.js';
import { describeCommands } from './describe-commands.js';
import { describeExport } from './describe-export.js';
import { describeFields } from './describe-fields.js';
import { describeImport } from './describe-import.js';
import { describeLists } from './describe-lists.js';
import { describeReferences } from './describe-references.js';
import { describeRoutes } from './describe-routes.js';
import { describeRules } from './describe-rules.js';
import { describeStates } from './describe-states.js';
import { describeTrash } from './describe-trash.js';
import { describeUniqueness } from './describe-uniqueness.js';
import { describeVersions } from './describe-versions.js';
import type { Feature } from './feature.js';
import { FeatureTest } from './feature-test.js';

/**
 * What holds for every feature that keeps records, as tests: its routes and fields, its lists, who may use it, and
 * what becomes of requests that come at once. A feature's own rules get tests beside it.
 */
export function describeFeature(feature: Feature): void {
  const its = new FeatureTest(feature);
  describe(feature.path.split('/').at(-1)?.replaceAll('-', ' ') ?? '', () => {
    beforeAll(() => its.open());
    afterAll(() => its.close());

    describeRoutes(its);
    describeFields(its);
    describeRules(its);
    describeUniqueness(its);
    describeReferences(its);
    describeLists(its);
    describeVersions(its);
    describeStates(its);
    describeCommands(its);
    describeAccess(its);
    describeBatch(its);
    describeTrash(its);
    describeExport(its);
    describeImport(its);
  });
}
