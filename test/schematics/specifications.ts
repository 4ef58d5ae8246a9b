import * as fc from 'fast-check';
import { parseField } from '../../schematics/specification/fields.ts';
import { FLAGS, VALUED } from '../../schematics/types/flags.ts';
import { TYPES, type TypeName } from '../../schematics/types/types.ts';
import { writtenTypes } from './matrix.ts';
import { withoutFault } from './without-fault.ts';

const NAMES =
  'name title number amount status kind state dueAt paidAt email site tags notes body isOpen count'.split(
    ' ',
  );
const VALUES = [
  '0',
  '1',
  '2',
  '3',
  '20',
  '200',
  '5000',
  'now',
  '-5',
  '1.5',
  'true',
  'false',
  'draft',
  'sent',
  'a text',
];

const flags = fc
  .constantFrom(...FLAGS.filter((flag) => !['existing', 'after', 'since'].includes(flag)))
  .chain((flag) =>
    VALUED.has(flag)
      ? fc.constantFrom(...VALUES).map((value) => `${flag}=${value}`)
      : fc.constant(flag as string),
  );

/** A field of one of these types, as people write it; references are to one of these features. */
function fieldsOf(among: readonly TypeName[], targets: readonly string[]): fc.Arbitrary<string> {
  const types = fc.constantFrom(...among).chain((type) => fc.constantFrom(...writtenTypes(type, targets)));
  return fc
    .tuple(fc.constantFrom(...NAMES), types, fc.uniqueArray(flags, { maxLength: 3 }))
    .map((parts) => parts.flat().join(':'))
    .filter((field) => withoutFault(() => parseField(field)));
}

/** The command of a feature that has a field of a type, as `npm run feature --` takes it. */
export function featuresNamed(
  plural: string,
  type: TypeName,
  targets: readonly string[],
): fc.Arbitrary<string> {
  const all = [plural, ...targets];
  const nameOf = (field: string) => field.split(':')[0];
  const others = fc.uniqueArray(fieldsOf(TYPES, all), { maxLength: 7, selector: nameOf });
  return fc.tuple(fieldsOf([type], all), others, fc.boolean()).map(([first, more, shared]) => {
    const fields = [first, ...more.filter((field) => nameOf(field) !== nameOf(first))];
    return [plural, ...fields, ...(shared ? ['--shared'] : [])].join(' ');
  });
}
