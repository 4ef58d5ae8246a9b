import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createApp } from '../src/app.js';
import { type Role, ROLES, Roles } from '../src/modules/users/roles.js';
import { Repositories } from '../src/platform/database/repositories.js';
import type { Permission } from '../src/platform/access/caller.js';
import { isDto } from '../src/platform/validation/describe.js';
import { createTestApp, type TestApp, testConfig } from './support/test-app.js';
import { handlersOf, type Handler } from './support/handlers.js';

describe('every route', () => {
  let test: TestApp;
  let handlers: Handler[];
  let permissions: ReadonlySet<Permission>;

  beforeAll(async () => {
    test = await createTestApp();
    handlers = handlersOf(test.app);
    ({ permissions } = test.app.get(Repositories));
  });
  afterAll(() => test.close());

  it('is found by this test', () => {
    expect(handlers.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['ProjectsController.create', 'AuthController.login', 'HealthController.live']),
    );
  });

  it('declares who may use it, on the handler itself', () => {
    expect(handlers.filter(({ access }) => access === undefined).map(({ name }) => name)).toEqual([]);
    expect(handlers.filter(({ hasClassConfig }) => hasClassConfig).map(({ name }) => name)).toEqual([]);
  });

  it('asks for a permission that exists', () => {
    const asked = handlers.flatMap(({ access }) =>
      access && 'permission' in access ? [access.permission] : [],
    );
    expect(asked).not.toHaveLength(0);
    expect([...permissions]).toEqual(expect.arrayContaining(asked));
  });

  it('takes bodies, queries and path parameters as DTO classes only', () => {
    const inputs = handlers.flatMap((handler) =>
      handler.inputs.map((type) => ({ name: handler.name, type })),
    );
    expect(inputs).not.toHaveLength(0);
    expect(inputs.filter(({ type }) => !isDto(type)).map(({ name }) => name)).toEqual([]);
  });

  it('gives administrators everything, moderators all reading, and users nothing of others', () => {
    const roles = test.app.get(Roles, { strict: false });
    const of = (role: Role) => [...roles.permissionsOf(role)];
    expect(of('admin')).toEqual([...permissions]);
    expect(of('moderator')).toEqual([...permissions].filter((permission) => permission.endsWith(':read')));
    expect(of('moderator')).toContain('users:read');
    expect(of('user')).toEqual([]);
    expect(ROLES.toSorted()).toEqual(['admin', 'moderator', 'user']);
  });

  it('stops the start when it declares nothing', async () => {
    const app = await createApp(testConfig({ LOG_LEVEL: 'silent' }));
    const fastify = app.getHttpAdapter().getInstance();
    expect(() => fastify.get('/open', () => 'open')).toThrow(
      'GET /open declares no access: write @SignedIn(), @OwnerOr(…), @Requires(…) or @Public() above its handler',
    );
  });

  it('stops the start when it asks for a permission that no resource declares', async () => {
    const app = await createApp(testConfig({ LOG_LEVEL: 'silent' }));
    const fastify = app.getHttpAdapter().getInstance();
    const access = { kind: 'permission', permission: 'projects:asign' } as const;
    expect(() => fastify.get('/open', { config: { access } }, () => 'open')).toThrow(
      /^GET \/open asks for projects:asign, which no resource declares; there are .*projects:read/,
    );
  });
});
