import type { FieldType } from './field.ts';
import { literal } from './source.ts';

type Part =
  | 'readWord'
  | 'holds'
  | 'defaults'
  | 'writeValue'
  | 'empty'
  | 'declares'
  | 'sentType'
  | 'schemaClass'
  | 'schemaOptions'
  | 'maxUnits'
  | 'note'
  | 'answerType'
  | 'answerValue'
  | 'sorts'
  | 'compares';

/** The parts of a type whose values are sent, stored and answered alike, and need nothing beside them. */
export function plain(typeSource: string): Pick<FieldType, Part | 'typeSource'> {
  return {
    readWord: undefined,
    holds: false,
    defaults: undefined,
    writeValue: literal,
    empty: undefined,
    declares: undefined,
    sentType: undefined,
    schemaClass: undefined,
    typeSource: () => typeSource,
    schemaOptions: () => [],
    maxUnits: undefined,
    note: undefined,
    answerType: () => typeSource,
    answerValue: (stored) => stored,
    sorts: true,
    compares: true,
  };
}
