import { FIELDS } from '../types/source.ts';
import { NESTED } from '../types/nested.ts';
import { FIELD_TYPES } from '../types/types.ts';

const HTTP = '../../platform/http';
const DATABASE = '../../platform/database';

/** Where the code of every feature has its names from; types are marked, and are imported as such. */
const OF_EVERY_FEATURE: Readonly<Record<string, string>> = {
  '@nestjs/common': 'Body Controller Delete Get Injectable Module Param Patch Post Put Query',
  '@nestjs/mongoose': 'Prop Schema SchemaFactory',
  '@nestjs/swagger': 'ApiOperation ApiProperty PartialType',
  'class-validator': 'IsIn IsOptional',
  mongoose: 'Types',
  '../../platform/docs/section.js': 'ApiSection',
  [`${DATABASE}/defaults.js`]: 'type:Defaults nullsToDefaults withDefaults',
  [`${DATABASE}/filter.js`]: 'anyOf contains',
  [`${DATABASE}/count.dto.js`]: 'CountDto',
  [`${DATABASE}/list-query.js`]: 'ListQuery',
  '../../platform/validation/several.js': 'AnyOf AnyOfTexts',
  [`${DATABASE}/record.js`]: 'OwnedRecord RECORD_OPTIONS StoredRecord',
  [`${DATABASE}/record.dto.js`]: 'OwnedRecordDto RecordDto',
  [`${DATABASE}/records.js`]: 'type:Records',
  [`${DATABASE}/records.module.js`]: 'InjectRecords RecordsModule',
  [`${DATABASE}/resource.js`]: 'resource',
  [`${DATABASE}/transferable.js`]: 'Transferable',
  [`${HTTP}/answers.js`]: 'Answers AnswersList AnswersMessage AnswersPage',
  [`${HTTP}/entity-tag.js`]: 'IfMatch',
  '../../platform/validation/precondition.js': 'type:Precondition',
  '../../platform/validation/page-query.js': 'mapPage type:Page PageQuery',
  '../../platform/validation/record-id.dto.js': 'IdParams',
  '../../platform/idempotency/once.js': 'CreateOnce type:Once',
  '../../platform/access/access.js': 'CurrentScope OwnerOr Requires SignedIn',
  '../../platform/access/caller.js': 'type:Scope',
  [FIELDS]: 'Compose List Nullable OwnerFilter Text',
};

/** Where a name comes from, and what it is. */
export interface Import {
  readonly from: string;
  readonly kind: 'value' | 'type' | 'default';
}

/** What each name comes from, of names by their modules. */
export function importsIn(...lists: readonly Readonly<Record<string, string>>[]): Record<string, Import> {
  return Object.fromEntries(
    lists.flatMap(Object.entries<string>).flatMap(([from, names]) =>
      names.split(' ').map((text): [string, Import] => {
        const [kind = '', name] = text.split(':');
        return name === undefined ? [kind, { from, kind: 'value' }] : [name, { from, kind: kind as 'type' }];
      }),
    ),
  );
}

/** Every name that generated code may import. */
export const IMPORTS: Readonly<Record<string, Import>> = importsIn(
  OF_EVERY_FEATURE,
  ...[...Object.values(FIELD_TYPES), NESTED].map(({ imports }) => imports),
);
