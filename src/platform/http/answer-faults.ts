import type { FastifyBaseLogger, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import type { JsonSchema } from '../validation/json-schema.js';

/** Sent in place of a wrong return value. */
const NULL = '{"success":true,"data":null}';

/** What a route declares as `data`. */
export interface Declared {
  /** Of the DTO. */
  readonly name: string;
  readonly schema: JsonSchema;
}

type Serialize = (payload: unknown) => string;

function complain(log: FastifyBaseLogger, route: string, what: string): void {
  log.error({ event: 'answer_missing' }, `${route}: the handler returned no ${what}, so data is null`);
}

/**
 * What is sent for a return value. A string, number, list or undefined from a route that declares something else
 * becomes an envelope with null, and an error line in the log.
 */
export function sendable(reply: FastifyReply, returned: unknown): unknown {
  if (typeof returned === 'object' && returned !== null && !Array.isArray(returned)) return returned;
  const { config } = reply.routeOptions;
  const { answer } = config;
  const isList = answer?.declared?.schema.type === 'array';
  if (!answer?.declared || reply.statusCode > 299 || (isList && Array.isArray(returned))) return returned;
  complain(reply.log, `${String(config.method)} ${config.url}`, nameOf(answer.declared));
  reply.type('application/json; charset=utf-8');
  return NULL;
}

function nameOf({ name, schema }: Declared): string {
  return schema.type === 'array' ? `list of ${name}` : name;
}

/** The fields of a value that its schema lacks, at any depth. */
function* undeclared(value: unknown, schema: JsonSchema | undefined, path = ''): Generator<string> {
  if (typeof value !== 'object' || value === null || !schema) return;
  if (Array.isArray(value)) {
    for (const item of value) yield* undeclared(item, schema.items, path);
  } else if (schema.properties) {
    for (const [name, inner] of Object.entries(value)) {
      const known = schema.properties[name];
      if (known) yield* undeclared(inner, known, `${path}${name}.`);
      else if (inner !== undefined) yield path + name;
    }
  }
}

/** Warns once per returned field that the declared answer lacks. */
function warnOfDropped(
  serialize: Serialize,
  declared: Declared,
  route: string,
  log: FastifyBaseLogger,
): Serialize {
  const warned = new Set<string>();
  return (payload) => {
    for (const field of undeclared(payload, declared.schema)) {
      if (warned.has(field)) continue;
      warned.add(field);
      log.warn(
        { event: 'answer_field_dropped' },
        `${route}: the answer declares no field "${field}", so it is not sent; declare it in ${declared.name}`,
      );
    }
    return serialize(payload);
  };
}

/**
 * The serialiser of a route. An object in place of a list is replaced by null. Dropped fields cause a warning outside
 * production, where the search may take time.
 */
export function checkedSerialize(
  serialize: Serialize,
  declared: Declared | undefined,
  route: string,
  log: FastifyBaseLogger,
  isWatched: boolean,
): Serialize {
  if (!declared) return serialize;
  const watched = isWatched ? warnOfDropped(serialize, declared, route, log) : serialize;
  if (declared.schema.type !== 'array') return watched;
  return (payload) => {
    if (Array.isArray(payload)) return watched(payload);
    complain(log, route, nameOf(declared));
    return NULL;
  };
}

/** Fastify hook outside production: warns if the handler of a route that answers a message returns something. */
export function warnOfUnsent({ method, url }: RouteOptions) {
  return (
    { log }: FastifyRequest,
    { statusCode }: FastifyReply,
    payload: unknown,
    done: (error: null, payload: unknown) => void,
  ): void => {
    if (statusCode < 300) {
      log.warn(
        { event: 'answer_field_dropped' },
        `${String(method)} ${url}: only its message is sent, not what the handler returns; write @Answers(Dto)`,
      );
    }
    done(null, payload);
  };
}
