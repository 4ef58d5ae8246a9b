import { ValidateBy } from 'class-validator';
import { validatorOf } from './compile.js';
import type { Constructor } from './rules.js';
import { Transform } from 'class-transformer';

/** Maximum number of values of a filter. */
export const MAX_VALUES = 20;

/** Invalid values, kept for the rule that reports their fault. */
class InvalidValue {
  constructor(readonly fault: string) {}
}

/** The lists that were created here from validated values; no other list is accepted. */
const made = new WeakSet<object>();

type Split = (sent: unknown) => readonly string[] | InvalidValue;

function byComma(sent: unknown): readonly string[] | InvalidValue {
  return typeof sent === 'string'
    ? sent.split(',')
    : new InvalidValue('$property must be given once, with commas between its values');
}

function byRepetition(sent: unknown): readonly string[] | InvalidValue {
  const texts: unknown[] = Array.isArray(sent) ? sent : [sent];
  return texts.every((text) => typeof text === 'string')
    ? texts
    : new InvalidValue('$property must be a text');
}

function several(split: Split, explode: boolean, rules: readonly PropertyDecorator[]): PropertyDecorator {
  return (target, property) => {
    class Item {}
    for (const rule of rules) rule(Item.prototype, property);
    const check = validatorOf<Record<string, unknown>>(Item as Constructor<Record<string, unknown>>);
    const read = ({ value }: { value: unknown }): unknown => {
      if (made.has(value as object)) return value;
      const texts = split(value);
      if (texts instanceof InvalidValue) return texts;
      if (texts.length > MAX_VALUES)
        return new InvalidValue(`$property must not have more than ${MAX_VALUES} values`);
      const values: unknown[] = [];
      for (const text of new Set(texts)) {
        const { value: item, faults } = check({ [property]: text });
        if (faults) return new InvalidValue(faults[0]?.message ?? '$property is not valid');
        values.push(item[String(property)]);
      }
      made.add(values);
      return values;
    };
    Transform(read)(target, property);
    ValidateBy({
      name: 'isSeveral',
      constraints: [Item, explode],
      validator: {
        validate: (value) => made.has(value as object),
        defaultMessage: (args) =>
          args?.value instanceof InvalidValue ? args.value.fault : '$property is not valid',
      },
    })(target, property);
  };
}

/** A query parameter with one or several comma-separated values; the rules apply to each. */
export function AnyOf(...rules: PropertyDecorator[]): PropertyDecorator {
  return several(byComma, false, rules);
}

/** The same for texts, which may contain commas: the parameter is repeated for each value. */
export function AnyOfTexts(...rules: PropertyDecorator[]): PropertyDecorator {
  return several(byRepetition, true, rules);
}
