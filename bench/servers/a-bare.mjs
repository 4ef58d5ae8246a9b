/** A: bare Fastify and the MongoDB driver. The same work on the database, and nothing that protects it. */
import fastify from 'fastify';
import { MongoClient, ObjectId } from 'mongodb';
import { many, one, toProject } from './data.mjs';

const { MONGODB_URI, BENCH_USER_ID } = process.env;
const client = await new MongoClient(MONGODB_URI, {
  writeConcern: { w: 'majority' },
  maxPoolSize: 50,
}).connect();
const projects = client.db().collection('projects');
const ownerId = new ObjectId(BENCH_USER_ID);
const app = fastify({ logger: false });

app.get('/health/live', () => ({ status: 'ok' }));

app.get('/api/v1/projects/:id', { schema: { response: { 200: one } } }, async (request, reply) => {
  const found = await projects.findOne({ _id: new ObjectId(request.params.id), ownerId });
  if (!found) return reply.code(404).send({ success: false, error: 'Project not found' });
  return { success: true, data: toProject(found) };
});

app.get('/api/v1/projects', { schema: { response: { 200: many } } }, async (request) => {
  const limit = Number(request.query.limit ?? 20);
  const found = await projects
    .find({ ownerId })
    .sort({ createdAt: -1, _id: -1 })
    .limit(limit + 1)
    .toArray();
  const data = found.slice(0, limit).map(toProject);
  return {
    success: true,
    data,
    pagination: { limit, offset: 0, hasMore: found.length > limit, nextCursor: null },
  };
});

app.post('/api/v1/projects', { schema: { response: { 201: one } } }, async (request, reply) => {
  const { name, description, metadata } = request.body ?? {};
  if (typeof name !== 'string' || name === '')
    return reply.code(400).send({ success: false, error: 'name must be a text' });
  const now = new Date();
  const project = {
    ownerId,
    createdBy: ownerId,
    name,
    description,
    metadata: metadata ?? {},
    version: 1,
    createdAt: now,
    updatedAt: now,
  };
  await projects.insertOne(project, { ignoreUndefined: true });
  reply.code(201);
  return { success: true, data: toProject(project) };
});

app.put('/api/v1/projects/:id', { schema: { response: { 200: one } } }, async (request, reply) => {
  const { name, description, metadata } = request.body;
  const _id = new ObjectId(request.params.id);
  const current = await projects.findOne({ _id, ownerId });
  if (!current) return reply.code(404).send({ success: false, error: 'Project not found' });
  const updated = await projects.findOneAndUpdate(
    { _id, ownerId, version: current.version },
    { $set: { name, description, metadata: metadata ?? {}, updatedAt: new Date() }, $inc: { version: 1 } },
    { returnDocument: 'after', ignoreUndefined: true },
  );
  if (!updated) return reply.code(409).send({ success: false, error: 'Changed at the same time' });
  return { success: true, data: toProject(updated) };
});

await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
process.stdout.write('{"event":"listening"}\n');
