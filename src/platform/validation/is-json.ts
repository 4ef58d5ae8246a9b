import { ValidateBy } from 'class-validator';

/** Any JSON value. */
export function IsJson(): PropertyDecorator {
  return ValidateBy({ name: 'isJson', validator: { validate: () => true } });
}
