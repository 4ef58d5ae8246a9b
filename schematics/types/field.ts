import type { Names } from '../naming/names.ts';
import type { Flag } from './flags.ts';

/** A value that can be written on a command line. */
export type Scalar = string | number | boolean;

/** One field of a feature, as `name:type:flag:flag` says it. */
export interface Field {
  readonly name: string;
  readonly type: FieldType;
  readonly list: boolean;
  readonly required: boolean;
  readonly unique: boolean;
  readonly index: boolean;
  readonly encrypted: boolean;
  /** Its words are looked for by `?q=`. */
  readonly search: boolean;
  /** Counted by value. */
  readonly stats: boolean;
  /** Answered, and never sent: only the service sets it. */
  readonly server: boolean;
  /** Declared lists are asked for values of it: of one, or of several at once. */
  readonly several: boolean;
  /** Of a text its length, of a number its value. */
  readonly min?: number;
  readonly max?: number;
  /** Of which other field it is later, or not earlier; by so many rules it is later than the first of all. */
  readonly later?: { readonly than: string; readonly strictly: boolean; readonly depth: number };
  readonly default?: Scalar;
  /** What records get that were there before the field. */
  readonly existing?: Scalar;
  /** Of an enum. */
  readonly choices: readonly string[];
  /** Of an object: what it has. */
  readonly fields?: readonly Field[];
  /** Of a field of an object: what the object is called, in words with hyphens. */
  readonly within?: string;
  /** Of a ref: the feature that it refers to. */
  readonly target?: Names;
}

/** The bounds of a text in characters. */
export interface Length {
  /** Where the field has no `min=`; another one where it is required, too. */
  readonly min: number;
  readonly minRequired: number;
  /** Where the field has no `max=`. */
  readonly max: number;
  /** What `max=` may be. */
  readonly limit: number;
}

/** A constant and a type that the schema's file declares for a field. */
export interface Declaration {
  readonly constant: string;
  readonly type: string;
  readonly source: string;
}

/** Values for the tests of a field, as TypeScript writes them. */
export interface Samples {
  /** An expression of another value for each `n`. */
  readonly value: string;
  readonly accepts?: readonly string[];
  /** What is sent, and what becomes of it. */
  readonly becomes?: readonly (readonly [string, string])[];
  readonly refuses: readonly string[];
}

/** A default that is made where it is needed. */
export interface Defaults {
  /** Reads the word behind `default=`; undefined for one that is none. */
  readonly read: (text: string) => Scalar | undefined;
  /** In the schema, in the service, and as the tests expect it. */
  readonly ofSchema: string;
  readonly ofService: string;
  readonly inTests: string;
  /** In sentences: what it is. */
  readonly about: string;
}

/**
 * Everything that a type of fields is. No part is optional: the compiler names what a new type lacks. Decorators are
 * written as source; `each` is their last argument where the field is a list.
 */
export interface FieldType {
  /** What it is, and the flags that it takes; docs/adding-a-feature.md shows both. */
  readonly about: string;
  readonly flags: readonly Flag[];
  /** Reads the word behind the type, as in `enum:draft,sent`; undefined where there is none. @throws Refusal */
  readonly readWord: ((name: string, word: string) => Pick<Field, 'choices' | 'target'>) | undefined;
  /** Its values are files, which the record holds. */
  readonly holds: boolean;
  /** What `min=` and `max=` bound. */
  readonly bounds: Length | 'number' | 'whole number' | undefined;
  /** The value of `default=` and `existing=`; undefined for a text that is none. */
  readonly readValue: (text: string, field: Field) => Scalar | undefined;
  /** Of `default=`, where a value is not written as it is: how it is read and written. */
  readonly defaults: Defaults | undefined;
  /** Such a value, as the database holds it. */
  readonly writeValue: (value: Scalar) => string;
  /** What a record has where nothing was sent, in place of null. */
  readonly empty: '{}' | undefined;
  /** Whether lists can be asked for a value always, or where there is an index; or for what the first such field contains. */
  readonly filter: 'always' | 'indexed' | 'contains';

  /** Whether lists can be in its order, and be asked for values of it. */
  readonly sorts: boolean;
  readonly compares: boolean;

  /** The names that its source uses, by module; types are marked, as in `type:Metadata`. */
  readonly imports: Readonly<Record<string, string>>;
  /** The type of a value as it is sent, where that is another one than is stored. */
  readonly sentType: ((field: Field, names: Names) => string) | undefined;
  readonly declares: ((field: Field, names: Names) => Declaration) | undefined;
  /** The type of a value as it is sent and stored. */
  readonly typeSource: (field: Field, names: Names) => string;

  /** What a value is to Mongoose, with options of its own. */
  readonly schemaType: string;
  /** The class in its place, where each field has one of its own. */
  readonly schemaClass: ((field: Field, names: Names) => string) | undefined;
  readonly schemaOptions: (field: Field, names: Names) => readonly string[];
  /** Most UTF-16 units that are stored; undefined where other rules bound it. */
  readonly maxUnits: ((field: Field) => number) | undefined;

  /** What the rules cannot say about what is sent. */
  readonly note: ((field: Field) => string) | undefined;
  readonly rules: (field: Field, names: Names, each?: string) => readonly string[];
  /** The rules of a query parameter that is compared with it. */
  readonly queryRules: (field: Field, names: Names) => readonly string[];

  readonly answerType: (field: Field, names: Names) => string;
  readonly answerRule: (field: Field, names: Names, each?: string) => string;
  /** The expression of what is answered, from the one of what is stored, which may be null or undefined. */
  readonly answerValue: (stored: string, isThere: boolean, field: Field, names: Names) => string;

  /** A value for the documentation; tests send it to the server. */
  readonly example: (field: Field) => unknown;
  readonly samples: (field: Field) => Samples;
}
