import type { FastifyInstance, FastifyRequest } from 'fastify';

/**
 * Reading `request.user` throws unless somebody has set it, such as a guard, or a plugin has declared it: a guard by
 * Nest's documentation would find nobody, and refuse everybody without a word.
 */
export function refuseUnsetUser(fastify: FastifyInstance): void {
  // Not before all plugins are loaded, since several declare it.
  fastify.addHook('onReady', (done) => {
    if (!fastify.hasRequestDecorator('user')) {
      fastify.decorateRequest('user', {
        getter(): never {
          throw new Error(
            'request.user is not set: request.caller is who is signed in, with id, role and permissions. Read that, or set request.user in a guard of your own',
          );
        },
        setter(this: FastifyRequest, value: unknown) {
          Object.defineProperty(this, 'user', {
            value,
            writable: true,
            enumerable: true,
            configurable: true,
          });
        },
      });
    }
    done();
  });
}
