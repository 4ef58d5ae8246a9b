import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type OpenApi, startMessage } from './support/openapi-document.js';
import { expectNone } from './support/rules.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import { addTickets, TICKETS } from './support/trial-lists.js';

// Lists of every kind, beside those of the product.
addTickets();

let test: TestApp;

beforeAll(async () => {
  test = await createTestApp();
});
afterAll(() => test.close());

it('the OpenAPI document has examples of parameters that are accepted all together', async () => {
  const { body } = await test.anonymous.get('/docs/json');
  const reading = startMessage(body as OpenApi).flatMap(({ method, path, operation: { parameters = [] } }) =>
    method === 'GET' && !path.includes('{') && parameters.length > 0 ? [{ path, parameters }] : [],
  );
  expect(reading.map(({ path }) => path)).toContain(TICKETS);
  const admin = await test.anonymous.signIn('admin');
  const person = await test.anonymous.signIn();
  const refused: string[] = [];
  for (const { path, parameters } of reading) {
    const examples = parameters.flatMap(({ name, in: place, schema }) =>
      place === 'query' && schema.example !== undefined ? [[name, String(schema.example)] as const] : [],
    );
    const asked = `${path}?${new URLSearchParams(Object.fromEntries(examples)).toString()}`;
    const isForAll = (await person.get(path)).status !== 403;
    for (const caller of isForAll ? [admin, person] : [admin]) {
      const { status, body: answer } = await caller.get(asked);
      const why = JSON.stringify(answer?.details ?? answer);
      if (status !== 200) refused.push(`GET ${decodeURIComponent(asked)}: ${status} ${why}`);
    }
  }
  expectNone(refused, 'Leave out the example of a parameter that is not taken together with the others');
});
