import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ModulesContainer } from '@nestjs/core';
import { createApp } from '../src/app.js';
import { PERMISSIONS, PERMISSIONS_OF, ROLES } from '../src/modules/users/roles.js';
import { isDto } from '../src/platform/validation/describe.js';
import { createTestApp, type TestApp, testConfig } from './support/test-app.js';
import { handlersOf, type Handler } from './support/handlers.js';

describe('every route', () => {
  let test: TestApp;
  let handlers: Handler[];

  beforeAll(async () => {
    test = await createTestApp();
    handlers = handlersOf(test.app.get(ModulesContainer));
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
    expect(PERMISSIONS).toEqual(expect.arrayContaining(asked));
  });

  it('takes bodies, queries and path parameters as DTO classes only', () => {
    const inputs = handlers.flatMap((handler) =>
      handler.inputs.map((type) => ({ name: handler.name, type })),
    );
    expect(inputs).not.toHaveLength(0);
    expect(inputs.filter(({ type }) => !isDto(type)).map(({ name }) => name)).toEqual([]);
  });

  it('gives the role of administrator everything and the role of user nothing of others', () => {
    expect([...PERMISSIONS_OF.admin].toSorted()).toEqual([...PERMISSIONS].toSorted());
    expect([...PERMISSIONS_OF.user]).toEqual([]);
    expect(Object.keys(PERMISSIONS_OF).toSorted()).toEqual([...ROLES].toSorted());
  });

  it('stops the start when it declares nothing', async () => {
    const app = await createApp(testConfig({ LOG_LEVEL: 'silent' }));
    const fastify = app.getHttpAdapter().getInstance();
    expect(() => fastify.get('/open', () => 'open')).toThrow(
      'GET /open declares neither @Public() nor a permission',
    );
  });
});
