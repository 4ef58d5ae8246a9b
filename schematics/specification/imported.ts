const HTTP = '../../platform/http';
const DATABASE = '../../platform/database';
const VALIDATION = '../../platform/validation';

/** Where generated code has its names from; types are marked, and are imported as such. */
const MODULES: Readonly<Record<string, string>> = {
  '@nestjs/common': 'Body Controller Delete Get Injectable Module Param Patch Post Put Query',
  '@nestjs/mongoose': 'Prop Schema SchemaFactory',
  '@nestjs/swagger': 'ApiOperation ApiProperty PartialType',
  'class-validator': 'IsBoolean IsDate IsIn IsInt IsNumber IsOptional IsString Max Min',
  mongoose: 'Types default:mongoose',
  '../../platform/docs/section.js': 'ApiSection',
  [`${DATABASE}/defaults.js`]: 'type:Defaults nullsToDefaults withDefaults',
  [`${DATABASE}/filter.js`]: 'contains',
  [`${DATABASE}/record.js`]: 'OwnedRecord RECORD_OPTIONS StoredRecord',
  [`${DATABASE}/record.dto.js`]: 'OwnedRecordDto RecordDto',
  [`${DATABASE}/records.js`]: 'type:Records',
  [`${DATABASE}/records.module.js`]: 'InjectRecords RecordsModule',
  [`${DATABASE}/resource.js`]: 'resource',
  [`${HTTP}/answers.js`]: 'Answers AnswersMessage AnswersPage',
  [`${HTTP}/entity-tag.js`]: 'IfMatch type:Precondition',
  [`${HTTP}/page.js`]: 'mapPage type:Page PageQuery',
  [`${HTTP}/record-id.dto.js`]: 'IdParams',
  '../../platform/idempotency/once.js': 'CreateOnce type:Once',
  '../../platform/security/access.js': 'CurrentScope OwnerOr Requires SignedIn',
  '../../platform/security/caller.js': 'type:Scope',
  [`${VALIDATION}/fields.js`]:
    'Compose EmailAddress List Name Nullable OwnerFilter QueryFlag QueryInteger QueryNumber RecordId Reference SafeInteger Text UtcTime WebUrl',
  [`${VALIDATION}/is-metadata.js`]: 'IsMetadata type:Metadata',
  [`${VALIDATION}/rich-text.js`]: 'RichText',
};

/** Where a name comes from, and what it is. */
export interface Import {
  readonly from: string;
  readonly kind: 'value' | 'type' | 'default';
}

/** Every name that generated code may import. */
export const IMPORTS: Readonly<Record<string, Import>> = Object.fromEntries(
  Object.entries(MODULES).flatMap(([from, names]) =>
    names.split(' ').map((text): [string, Import] => {
      const [kind = '', name] = text.split(':');
      return name === undefined ? [kind, { from, kind: 'value' }] : [name, { from, kind: kind as 'type' }];
    }),
  ),
);
