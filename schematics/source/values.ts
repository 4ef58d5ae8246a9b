import type { Field } from '../types/field.ts';

/** What is sent or answered as an example. */
export function exampleOf(field: Field): unknown {
  const { default: byDefault, type } = field;
  const example = type.defaults ? type.example(field) : (byDefault ?? type.example(field));
  return field.list ? [example] : example;
}

/** An example of a query that finds something. */
export function filterExampleOf(field: Field, isPart: boolean): unknown {
  const example = exampleOf({ ...field, list: false });
  return isPart ? [...String(example)].slice(0, 3).join('').toLowerCase() : example;
}
