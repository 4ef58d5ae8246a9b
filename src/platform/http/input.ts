import { applyDecorators } from '@nestjs/common';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { ApiBody, ApiExtension } from '@nestjs/swagger';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { DeclarationError } from '../errors/start-error.js';
import { type Detail, invalid } from '../errors/errors.js';
import { traceMoment } from '../logging/spans.js';
import { type Handler, handlerOf, type Parameter, takes, takesForm } from './handlers.js';
import { routeConfig } from './route-config.js';
import { addedErrorsOf } from '../validation/added-fields.js';
import { isWithinBounds, TOO_MUCH } from '../validation/bounds.js';
import { type Validator, validatorOf } from '../validation/compile.js';
import { isEnough, report, reportUnknown } from '../validation/faults.js';
import { checkForm, type CheckPart } from './form.js';
import type { Constructor } from '../validation/rules.js';

/** The DTO classes that a handler takes, by part of the request. */
export interface Input {
  readonly params?: Constructor;
  readonly query?: Constructor;
  readonly body?: Constructor;
  /** The handler takes `@RawBody()`: the unparsed bytes. */
  readonly raw?: true;
  /** An interceptor reads a form; the body is validated after it. */
  readonly form?: true;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    input?: Input;
    /** A missing body counts as an empty object. */
    optionalBody?: boolean;
    /** The request is not validated. */
    anyInput?: boolean;
  }
}

const UNREADABLE = 'must be UTF-8, percent-encoded';

const PARTS: Readonly<Partial<Record<RouteParamtypes, readonly ['params' | 'query' | 'body', string]>>> = {
  [RouteParamtypes.PARAM]: ['params', 'Param'],
  [RouteParamtypes.QUERY]: ['query', 'Query'],
  [RouteParamtypes.BODY]: ['body', 'Body'],
};

/** Run-time types of parameters whose declaration names no class. */
const NO_CLASSES: ReadonlySet<unknown> = new Set([Object, Array, String, Number, Boolean, undefined]);

/** What to write instead of a parameter that cannot be validated. */
function instead(decorator: string, { type, data }: Parameter): string {
  const isList = type === Array;
  const field = isList ? 'items' : typeof data === 'string' ? data : undefined;
  if (field === undefined) {
    return `@${decorator}() has a type that is gone at run time: give it a class with class-validator's decorators, not an interface, and import it without \`type\``;
  }
  const rules = isList
    ? '@IsArray() @ValidateNested({ each: true }) @Type(() => Item)'
    : decorator === 'Param' && field === 'id'
      ? '@RecordId()'
      : '@IsString()';
  const pipe =
    decorator === 'Param' ? `, or add a pipe that checks it: @Param('${field}', ParseIntPipe)` : '';
  return (
    `@${decorator}(${isList ? '' : `'${field}'`}) names no class whose rules could be checked. ` +
    `Write class Sent { ${rules} ${field}!: ${isList ? 'Item[]' : 'string'} } and take @${decorator}() { ${field} }: Sent${pipe}`
  );
}

/**
 * What a handler takes, from its parameters.
 * @throws DeclarationError for one that cannot be validated
 */
function inputOf(handler: Handler): Input {
  const input: Partial<Record<'params' | 'query' | 'body', Constructor>> = {};
  for (const parameter of handler.parameters) {
    const [part, decorator] = PARTS[parameter.kind] ?? [];
    if (!part || !decorator) continue;
    const { type, data, pipes } = parameter;
    // Validated by its pipes. Queries and bodies refuse unknown fields, so all of their fields must be declared.
    if (part === 'params' && data !== undefined && pipes.length > 0) continue;
    if (data !== undefined || NO_CLASSES.has(type)) {
      throw new DeclarationError(`${handler.title}: ${instead(decorator, parameter)}`);
    }
    input[part] = type as Constructor;
  }
  return {
    ...input,
    ...(takes(handler, RouteParamtypes.RAW_BODY) && { raw: true }),
    ...(takesForm(handler) && { form: true }),
  };
}

/** Lets clients omit the body. */
export const OptionalBody = (): MethodDecorator => (target, property, descriptor) => {
  const { body } = inputOf(handlerOf(target, String(property)));
  if (!body)
    throw new DeclarationError(
      `${target.constructor.name}.${String(property)} takes no body that could be left out`,
    );
  // With the type as well: Swagger assumes that a body described by hand is a string.
  ApiBody({ type: body, required: false })(target, property, descriptor);
  routeConfig({ optionalBody: true })(target, property, descriptor);
};

/** Accepts and ignores any input: for probes and scrapers. */
export const AnyInput = (): MethodDecorator =>
  applyDecorators(ApiExtension('x-any-input', true), routeConfig({ anyInput: true }));

/** Tells Fastify what every handler takes. To be called before routes are declared. */
export function noteInput(handlers: readonly Handler[]): void {
  for (const handler of handlers) {
    const input = inputOf(handler);
    const { prototype, name, method } = handler;
    routeConfig({ input })(prototype, name, { value: method });
    const added = addedErrorsOf(input.body);
    if (added.length > 0) ApiExtension('x-added-errors', added)(prototype, name, { value: method });
    if (input.form) checkForm(handler, checkOf('body', input.body));
  }
}

/** Smaller bodies cannot make validation slow: the fields' rules suffice. */
const SMALL_BYTES = 4096;

function isSmall({ headers }: FastifyRequest): boolean {
  return Number(headers['content-length']) <= SMALL_BYTES;
}

/** Reports every field that the handler does not declare. */
function refuseAll(part: unknown, faults: Detail[]): void {
  if (part === undefined || part === null) return;
  if (typeof part !== 'object' || Array.isArray(part)) {
    report(faults, '', 'must be empty');
    return;
  }
  for (const name in part) {
    if (isEnough(faults)) return;
    reportUnknown(faults, '', name);
  }
}

function checkOf(part: 'params' | 'query' | 'body', type: Constructor | undefined): CheckPart {
  if (!type) return (request, faults) => refuseAll(request[part], faults);
  const validate: Validator<object> = validatorOf(type);
  return (request, faults) => {
    const outcome = validate(request[part]);
    if (outcome.faults) for (const { path, message } of outcome.faults) report(faults, path, message);
    else request[part] = outcome.value;
  };
}

/** Whether a URL can be decoded; if not, Fastify takes the query literally. */
function isReadable({ url = '' }: FastifyRequest['raw']): boolean {
  if (!url.includes('%')) return true;
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}

function fillBody(request: FastifyRequest, _: FastifyReply, done: () => void): void {
  // `null` is a body in JSON, but not an object.
  if (request.body === undefined) request.body = {};
  done();
}

/**
 * Turns path parameters, queries and bodies into validated DTOs before the handler runs, and refuses undeclared fields:
 * 400 VALIDATION_ERROR with a detail for each fault. A hook instead of a Nest pipe, since the promises of pipes cost
 * more than the validation.
 */
export function installInput(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route: RouteOptions) => {
    const { input, anyInput } = route.config ?? {};
    if (!input || anyInput) return;
    const checks = [
      // The router has matched the path, so undeclared path parameters are not an error.
      ...(input.params ? [checkOf('params', input.params)] : []),
      checkOf('query', input.query),
      ...(input.form || (input.raw && !input.body) ? [] : [checkOf('body', input.body)]),
    ];
    const check = (request: FastifyRequest, _: FastifyReply, done: (error?: Error) => void): void => {
      if (!isSmall(request) && !isWithinBounds(request.body)) {
        return done(invalid([{ path: '', message: TOO_MUCH }]));
      }
      if (!isReadable(request.raw)) return done(invalid([{ path: 'url', message: UNREADABLE }]));
      const faults: Detail[] = [];
      for (const checkPart of checks) checkPart(request, faults);
      if (faults.length === 0) return done();
      traceMoment({ name: 'input refused', fields: { faults: faults.length } });
      return done(invalid(faults));
    };
    const hooks = route.config?.optionalBody ? [fillBody, check] : [check];
    route.preValidation = [route.preValidation ?? [], hooks].flat();
  });
}
