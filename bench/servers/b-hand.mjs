/**
 * B: what a careful person writes by hand for speed: Fastify with Ajv, fast-jwt with its cache, a fixed-window
 * rate limit, static headers, one pino line a request, ETags, signed cursors, and the user looked up at most
 * once a second. It is frozen: the product is tuned against it, never the other way round.
 */
import { createHmac, randomUUID } from 'node:crypto';
import { createVerifier } from 'fast-jwt';
import fastify from 'fastify';
import { MongoClient, ObjectId } from 'mongodb';
import { destination, pino } from 'pino';
import { many, one, toProject } from './data.mjs';

const { MONGODB_URI, JWT_SECRET, ISSUER, PORT, RATE_LIMIT_MAX } = process.env;
const client = await new MongoClient(MONGODB_URI, {
  writeConcern: { w: 'majority' },
  maxPoolSize: 50,
}).connect();
const projects = client.db().collection('projects');
const users = client.db().collection('users');
const log = pino({ base: undefined }, destination({ fd: 1, sync: false, minLength: 4096 }));

const HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

const app = fastify({
  logger: false,
  bodyLimit: 1024 * 1024,
  requestTimeout: 15_000,
  genReqId: ({ headers }) => {
    const sent = headers['x-request-id'];
    return sent && /^[\w.-]{1,64}$/.test(sent) ? sent : randomUUID();
  },
  ajv: { customOptions: { removeAdditional: false, coerceTypes: 'array', useDefaults: true } },
});
app.decorateRequest('userId', null);

/** Requests of the present minute, by address. */
const counters = new Map();
let minute = 0;
const limit = Number(RATE_LIMIT_MAX);

function isOverLimit(address) {
  const now = Math.floor(Date.now() / 60_000);
  if (now !== minute) {
    minute = now;
    counters.clear();
  }
  const count = (counters.get(address) ?? 0) + 1;
  counters.set(address, count);
  return count > limit;
}

const verify = createVerifier({
  key: JWT_SECRET,
  algorithms: ['HS256'],
  allowedIss: ISSUER,
  allowedAud: `${ISSUER}-api`,
  cache: 1000,
});

/** Users that were looked up within the last second. */
const known = new Map();

async function lookUp(id) {
  const user = await users.findOne({ _id: new ObjectId(id) }, { projection: { role: 1, disabled: 1 } });
  if (known.size > 10_000) known.clear();
  known.set(id, { user, until: Date.now() + 1000 });
  return user;
}

function failure(reply, status, error, code) {
  return reply.code(status).send({ success: false, error, code, requestId: reply.request.id });
}

app.addHook('onRequest', (request, reply, done) => {
  reply.headers(HEADERS).header('x-request-id', request.id);
  done();
});

function authenticate(request, reply, done) {
  if (isOverLimit(request.ip)) {
    reply.header('retry-after', '60');
    return failure(reply, 429, 'Too many requests', 'RATE_LIMITED');
  }
  let sub;
  try {
    ({ sub } = verify(request.headers.authorization.slice('Bearer '.length)));
  } catch {
    return failure(reply, 401, 'A valid access token is required', 'UNAUTHENTICATED');
  }
  const admit = (user) => {
    if (!user || user.disabled) {
      return failure(reply, 401, 'A valid access token is required', 'UNAUTHENTICATED');
    }
    request.userId = new ObjectId(sub);
    return done();
  };
  const cached = known.get(sub);
  if (cached && cached.until > Date.now()) return admit(cached.user);
  // Not returned: a hook that returns a promise is done when the promise is.
  lookUp(sub).then(admit, done);
  return undefined;
}

app.addHook('onResponse', (request, reply, done) => {
  log.info({
    event: 'request',
    requestId: request.id,
    method: request.method,
    path: request.url.split('?', 1)[0],
    route: request.routeOptions.url,
    status: reply.statusCode,
    durationMs: Math.round(reply.elapsedTime * 10) / 10,
    address: request.ip,
    userId: request.userId?.toHexString(),
  });
  done();
});

app.setErrorHandler((error, _request, reply) => {
  if (error.validation) return failure(reply, 400, 'The request is not valid', 'VALIDATION_ERROR');
  if (error.code === 11000) return failure(reply, 409, 'The name is taken', 'PROJECT_NAME_TAKEN');
  return failure(reply, error.statusCode ?? 500, 'Something went wrong', 'INTERNAL_ERROR');
});

const params = {
  type: 'object',
  required: ['id'],
  properties: { id: { type: 'string', pattern: '^[0-9a-f]{24}$' } },
};
const body = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 100 },
    description: { type: 'string', nullable: true, maxLength: 500 },
    metadata: { type: 'object', nullable: true, maxProperties: 200 },
  },
};
const querystring = {
  type: 'object',
  additionalProperties: false,
  properties: { limit: { type: 'integer', minimum: 1, maximum: 100, default: 20 } },
};

/** Keys that a database would take for more than a name, at any depth. */
function isSafe(value, depth = 1) {
  if (typeof value !== 'object' || value === null) return true;
  if (depth > 5) return false;
  for (const key of Object.keys(value)) {
    if (key.startsWith('$') || key.includes('.') || key === '_bsontype') return false;
    if (!isSafe(value[key], depth + 1)) return false;
  }
  return true;
}

function clean({ name, description, metadata }) {
  return { name: name.trim().normalize('NFC'), description: description?.trim(), metadata: metadata ?? {} };
}

function cursorAfter({ createdAt, _id }, userId) {
  const position = Buffer.alloc(20);
  position.writeBigInt64BE(BigInt(createdAt.getTime()));
  position.set(_id.id, 8);
  const mac = createHmac('sha256', JWT_SECRET).update(position).update(userId.id).digest().subarray(0, 16);
  return Buffer.concat([position, mac]).toString('base64url');
}

function answerOne(reply, project) {
  const etag = `"${project.version}"`;
  reply.header('etag', etag);
  if (reply.request.headers['if-none-match'] === etag) return reply.code(304).send();
  return reply.send({ success: true, data: toProject(project) });
}

const guarded = (schema) => ({ onRequest: authenticate, schema });

app.get('/health/live', () => ({ status: 'ok' }));

app.get('/api/v1/projects/:id', guarded({ params, response: { 200: one } }), async (request, reply) => {
  const found = await projects.findOne({ _id: new ObjectId(request.params.id), ownerId: request.userId });
  return found ? answerOne(reply, found) : failure(reply, 404, 'Project not found', 'PROJECT_NOT_FOUND');
});

app.get('/api/v1/projects', guarded({ querystring, response: { 200: many } }), async (request) => {
  const { limit: size } = request.query;
  const found = await projects
    .find({ ownerId: request.userId })
    .sort({ createdAt: -1, _id: -1 })
    .limit(size + 1)
    .toArray();
  const hasMore = found.length > size;
  if (hasMore) found.pop();
  const nextCursor = hasMore ? cursorAfter(found.at(-1), request.userId) : null;
  return {
    success: true,
    data: found.map(toProject),
    pagination: { limit: size, offset: 0, hasMore, nextCursor },
  };
});

app.post('/api/v1/projects', guarded({ body, response: { 201: one } }), async (request, reply) => {
  if (!isSafe(request.body.metadata))
    return failure(reply, 400, 'The request is not valid', 'VALIDATION_ERROR');
  const now = new Date();
  const fields = clean(request.body);
  const project = {
    ownerId: request.userId,
    createdBy: request.userId,
    ...fields,
    version: 1,
    createdAt: now,
    updatedAt: now,
  };
  await projects.insertOne(project, { ignoreUndefined: true });
  return answerOne(reply.code(201), project);
});

app.put('/api/v1/projects/:id', guarded({ params, body, response: { 200: one } }), async (request, reply) => {
  if (!isSafe(request.body.metadata))
    return failure(reply, 400, 'The request is not valid', 'VALIDATION_ERROR');
  const mine = { _id: new ObjectId(request.params.id), ownerId: request.userId };
  const current = await projects.findOne(mine);
  if (!current) return failure(reply, 404, 'Project not found', 'PROJECT_NOT_FOUND');
  const wanted = request.headers['if-match'];
  if (wanted && wanted !== `"${current.version}"`) {
    return failure(reply, 412, 'The project has changed', 'PRECONDITION_FAILED');
  }
  const { description, ...set } = clean(request.body);
  const updated = await projects.findOneAndUpdate(
    { ...mine, version: current.version },
    {
      $set: { ...set, ...(description !== undefined && { description }), updatedAt: new Date() },
      ...(description === undefined && { $unset: { description: 1 } }),
      $inc: { version: 1 },
    },
    { returnDocument: 'after' },
  );
  return updated ? answerOne(reply, updated) : failure(reply, 409, 'Changed at the same time', 'CONFLICT');
});

await app.listen({ port: Number(PORT), host: '127.0.0.1' });
process.stdout.write('{"event":"listening"}\n');
