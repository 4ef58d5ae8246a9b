import type { Names } from './names.ts';
import type { TypeName } from './types.ts';

/** A value that can be written on a command line. */
export type Scalar = string | number | boolean;

/** One field of a feature, as `name:type:flag:flag` says it. */
export interface Field {
  readonly name: string;
  readonly type: TypeName;
  readonly list: boolean;
  readonly required: boolean;
  readonly unique: boolean;
  readonly index: boolean;
  readonly encrypted: boolean;
  /** Of a text its length, of a number its value. */
  readonly min?: number;
  readonly max?: number;
  readonly default?: Scalar;
  /** What records get that were there before the field. */
  readonly existing?: Scalar;
  /** Of an enum. */
  readonly choices: readonly string[];
  /** Of a ref: the feature that it refers to. */
  readonly target?: Names;
}
