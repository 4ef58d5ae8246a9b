import type { FieldType } from './field.ts';
import { FIELDS } from './source.ts';
import { STRUCTURES } from './structures.ts';

const HELD = '../../platform/validation/held-files.js';

function held(noun: string, rule: string, ...options: readonly string[]): FieldType {
  return {
    ...STRUCTURES.ref,
    about: `the id of ${noun} of the same owner; \`/files\` takes it`,
    flags: ['required', 'server'],
    readWord: undefined,
    holds: true,
    imports: {
      mongoose: 'Types default:mongoose',
      'class-validator': 'IsOptional',
      [FIELDS]: 'RecordId',
      [HELD]: rule,
    },
    schemaOptions: () => ["ref: 'StoredFile'", ...options],
    note: () => `Id of ${noun} of the same owner.`,
    rules: () => [`@${rule}()`],
    queryRules: () => ['@IsOptional()', `@${rule}()`],
  };
}

/** Types whose values are files. */
export const HELD_FILES: Readonly<Record<'file' | 'image', FieldType>> = {
  file: held('a file', 'FileReference'),
  image: held('a picture', 'PictureReference', 'picture: true'),
};
