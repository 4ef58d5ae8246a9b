import { refuse } from '../naming/refusal.ts';
import type { Field } from '../types/field.ts';

/** Every record has it, as a date. */
const CREATED = 'createdAt';

/**
 * The fields with the number of rules by which each is later than the first of all.
 * @param there the fields that a feature has already
 * @throws Refusal for a field that is compared with what it cannot be compared with
 */
export function withDepths(fields: readonly Field[], there: readonly Field[]): Field[] {
  const byName = new Map([...there, ...fields].map((field) => [field.name, field]));
  const depthOf = ({ name, type, later }: Field, below: readonly string[]): number => {
    if (!later) return 0;
    const flag = `${later.strictly ? 'after' : 'since'}=${later.than}`;
    if (below.includes(name)) refuse(`${name} cannot have ${flag}: it would be later than itself`);
    if (later.than === CREATED) {
      if (type.schemaType !== 'Date') refuse(`${name} cannot have ${flag}, which is a date and no day`);
      return 1;
    }
    const other = byName.get(later.than);
    if (!other) refuse(`${name} has ${flag}, and there is no field ${later.than}`);
    if (other.type !== type) refuse(`${name} cannot have ${flag}: both have to be dates, or both days`);
    return 1 + depthOf(other, [...below, name]);
  };
  return fields.map((field) => {
    const depth = depthOf(field, []);
    if (depth > 8) refuse(`${field.name} is later than ${depth} others, one after the other; 8 are the most`);
    return field.later ? { ...field, later: { ...field.later, depth } } : field;
  });
}
