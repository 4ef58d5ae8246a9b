import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { apiError, invalid } from '../errors/errors.js';
import { isWithinBounds } from './bounds.js';
import { type Validator, validatorOf } from './compile.js';
import type { Constructor } from './rules.js';

/** Turns bodies, queries and path parameters into checked DTOs. Parameters of our own decorators pass as they are. */
@Injectable()
export class ValidationPipe implements PipeTransform {
  private readonly validators = new WeakMap<object, Validator<object>>();

  /** @throws ApiError VALIDATION_ERROR (400) with a detail for each fault */
  transform(value: unknown, { type, metatype }: ArgumentMetadata): unknown {
    if (type === 'custom') return value;
    // The architecture test refuses such a parameter; should one slip through, nothing reaches the handler.
    if (!metatype || metatype === Object) throw apiError('INTERNAL_ERROR');
    if (type === 'body' && !isWithinBounds(value)) {
      throw invalid([{ path: '', message: 'The body is nested too deeply or has too many values' }]);
    }
    const { faults, value: dto } = this.validatorFor(metatype as Constructor)(value);
    if (faults) throw invalid(faults);
    return dto;
  }

  private validatorFor(metatype: Constructor): Validator<object> {
    let validator = this.validators.get(metatype);
    if (!validator) this.validators.set(metatype, (validator = validatorOf(metatype)));
    return validator;
  }
}
