import type { Feature } from '../specification/feature.ts';
import type { Field } from '../specification/field.ts';
import { applyEdits, parse } from './edit.ts';
import { addElement, arrayIn, classNamed, methodNamed, propertyNamed } from './places.ts';
import { takenCodes } from './service-source.ts';
import { literal } from './values.ts';

/** The controller's file with the errors of further fields. */
export function withFields(text: string, fields: readonly Field[], feature: Feature): string {
  const taken = takenCodes(feature, fields).map(literal);
  if (taken.length === 0) return text;
  const controller = classNamed(parse(text), `${feature.names.Feature}Controller`);
  const edits = ['create', 'replace', 'update'].map((method) => {
    const errors = arrayIn(
      propertyNamed(methodNamed(controller, method), 'errors'),
      `the list of errors of ${method}`,
    );
    // What creating may answer names the record last.
    const isNext = (element: string) => method === 'create' && element.endsWith("_NOT_FOUND'");
    return addElement(errors, taken.join(', '), isNext);
  });
  return applyEdits(text, edits);
}
