import { expect, it } from '@jest/globals';
import fastify from 'fastify';
import fp from 'fastify-plugin';
import { refuseUnsetUser } from './request-user.js';

/** What a route answers that reads `request.user`, with a plugin that is registered as modules do. */
async function userRead(plugin: Parameters<typeof fp>[0]): Promise<unknown> {
  const app = fastify();
  // Fastify makes requests of a class of their own only if something was declared before it is ready.
  app.decorateRequest('caller', undefined);
  refuseUnsetUser(app);
  app.get('/', (request) => ({ user: (request as { user?: unknown }).user }));
  void app.register(fp(plugin));
  const answer = await app.inject('/');
  await app.close();
  return answer.json<unknown>();
}

it('request.user throws with what to read instead', async () => {
  const answer = await userRead((_, __, done) => done());
  expect(answer).toMatchObject({
    statusCode: 500,
    message: expect.stringContaining('request.caller is who is signed in, with id, role and permissions'),
  });
});

it('request.user is what a plugin makes of it', async () => {
  const declared = await userRead((app, _, done) => {
    app.decorateRequest('user', null);
    done();
  });
  expect(declared).toEqual({ user: null });
  const set = await userRead((app, _, done) => {
    app.addHook('onRequest', (request, __, next) => {
      Object.assign(request, { user: { name: 'Ada' } });
      next();
    });
    done();
  });
  expect(set).toEqual({ user: { name: 'Ada' } });
});
