import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { INTERCEPTORS_METADATA } from '@nestjs/common/constants.js';
import { ApiConsumes } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';
import { type Detail, invalid } from '../errors/errors.js';
import type { Handler } from './handlers.js';

/** Validates one part of a request and replaces it with its DTO. */
export type CheckPart = (request: FastifyRequest, faults: Detail[]) => void;

/** Nest's mark for a request whose files will not be used, so that they are removed. */
const REJECTED = Symbol.for('nestjs:rejected-by-pipes');

/** Validates the fields of a form once they have been read, along with the files. */
class FormCheck implements NestInterceptor {
  constructor(private readonly check: CheckPart) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const request = context.switchToHttp().getRequest<FastifyRequest & { [REJECTED]?: boolean }>();
    const faults: Detail[] = [];
    this.check(request, faults);
    if (faults.length === 0) return next.handle();
    request[REJECTED] = true;
    throw invalid(faults);
  }
}

/** Adds validation of the form after the interceptor that reads it. */
export function checkForm({ prototype, name, method }: Handler, check: CheckPart): void {
  const known = (Reflect.getMetadata(INTERCEPTORS_METADATA, method) ?? []) as object[];
  const others = known.filter((each) => !(each instanceof FormCheck));
  Reflect.defineMetadata(INTERCEPTORS_METADATA, [...others, new FormCheck(check)], method);
  ApiConsumes('multipart/form-data')(prototype, name, { value: method });
}
