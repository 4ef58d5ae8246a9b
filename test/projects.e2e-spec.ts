import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';

describe('projects', () => {
  let test: TestApp;
  let ada: TestClient;

  beforeAll(async () => {
    test = await createTestApp();
    ada = await test.anonymous.signIn();
  });
  afterAll(() => test.close());

  it('creates a project and answers it as it is stored', async () => {
    const { status, body, headers } = await ada.post('/api/v1/projects', { name: ' One ' });
    expect(status).toBe(201);
    expect(headers['etag']).toBe('"1"');
    expect(body).toEqual({
      success: true,
      data: {
        id: expect.stringMatching(/^[0-9a-f]{24}$/),
        ownerId: ada.userId,
        name: 'One',
        description: null,
        metadata: {},
        version: 1,
        createdAt: expect.any(String),
        updatedAt: expect.any(String),
      },
    });
  });
});
