import type { CallHandler, ExecutionContext, NestInterceptor } from '@nestjs/common';
import { INTERCEPTORS_METADATA } from '@nestjs/common/constants.js';
import { ApiConsumes } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';
import { type Detail, invalid } from '../errors/errors.js';
import type { Handler } from './handlers.js';

/** Makes the DTO of one part of a request and puts it in its place. */
export type CheckPart = (request: FastifyRequest, faults: Detail[]) => void;

/** What Nest marks a request with whose files nobody will take, so that they are removed. */
const REJECTED = Symbol.for('nestjs:rejected-by-pipes');

/** Checks the fields of a form once they are read: the files lie beside them. */
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

/** Lets the form that a handler takes be checked after the interceptor that reads it. */
export function checkForm({ prototype, name, method }: Handler, check: CheckPart): void {
  const known = (Reflect.getMetadata(INTERCEPTORS_METADATA, method) ?? []) as object[];
  const others = known.filter((each) => !(each instanceof FormCheck));
  Reflect.defineMetadata(INTERCEPTORS_METADATA, [...others, new FormCheck(check)], method);
  ApiConsumes('multipart/form-data')(prototype, name, { value: method });
}
