import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv, type ValidateFunction } from 'ajv';
import formats from 'ajv-formats';
import { isEmail } from 'class-validator';
import { mutationsOf } from './support/body-mutations.js';
import {
  bodyExampleOf,
  type OpenApi,
  type Place,
  startMessage,
  resolve,
} from './support/openapi-document.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import type { TestClient } from './support/test-client.js';
import { newAddress } from './support/users.js';

const JSON_TYPE = 'application/json';

/** What these take is signed by somebody else, leads somewhere, or depends on who asks: the schema tells its form only. */
const DEPENDENT: ReadonlySet<string> = new Set(['linkIdentity', 'stepUp', 'createWebhook', 'updateWebhook']);

/** A record that is not there: a body that is accepted comes to nothing. */
const NOBODY = 'f'.repeat(24);

describe('a request body of the document', () => {
  let test: TestApp;
  let document: OpenApi;
  let places: Place[];
  let caller: TestClient;
  let ajv: Ajv;

  beforeAll(async () => {
    test = await createTestApp();
    document = (await test.anonymous.get('/docs/json')).body as OpenApi;
    places = startMessage(document).filter(({ operation }) => operation.requestBody?.content[JSON_TYPE]);
    caller = await test.anonymous.signIn('admin');
    ajv = new Ajv({ strict: false });
    formats.default(ajv);
    ajv.addFormat('idn-email', (text: string) => isEmail(text));
    ajv.addSchema({ $id: 'document', components: document.components });
  });
  afterAll(() => test.close());

  const nameOf = ({ method, path }: Place) => `${method} ${path}`;

  function schemaCheck({ operation }: Place): ValidateFunction {
    const { $ref = '' } = operation.requestBody?.content[JSON_TYPE].schema ?? {};
    return ajv.compile({ $ref: `document${$ref}` });
  }

  /** Whether the server takes a body, whatever else it has against the request. */
  async function isTaken({ method, path }: Place, body: unknown): Promise<boolean> {
    const url = path.replaceAll(/\{\w+\}/g, NOBODY);
    const text = body === undefined ? undefined : JSON.stringify(body);
    const send = () => caller.from(newAddress()).send(method, url, text);
    let answer = await send();
    if (answer.outcome === '401 UNAUTHENTICATED' || answer.status === 403) {
      // One of the bodies before has ended the session.
      caller = await test.anonymous.signIn('admin');
      answer = await send();
    }
    return answer.outcome !== '400 VALIDATION_ERROR';
  }

  it('is an object that has fields and no others than these', () => {
    expect(places).not.toHaveLength(0);
    for (const place of places) {
      const { schema = {} } = place.operation.requestBody?.content[JSON_TYPE] ?? {};
      expect([nameOf(place), schema]).toEqual([nameOf(place), { $ref: expect.any(String) }]);
      const resolved = resolve(document, schema);
      expect([nameOf(place), resolved]).toEqual([
        nameOf(place),
        expect.objectContaining({ type: 'object', additionalProperties: false }),
      ]);
      expect(Object.keys(resolved.properties ?? {})).not.toHaveLength(0);
    }
  });

  it('may be left out where the document says so, and only there', async () => {
    for (const place of places) {
      const mayBeLeftOut = place.operation.requestBody?.required !== true;
      expect([nameOf(place), await isTaken(place, undefined)]).toEqual([nameOf(place), mayBeLeftOut]);
    }
  });

  it('has a schema that accepts exactly what the server accepts', async () => {
    const differences: object[] = [];
    let accepted = 0;
    let refused = 0;
    for (const place of places) {
      const check = schemaCheck(place);
      const example = bodyExampleOf(document, place.operation, place.path);
      const schema = place.operation.requestBody?.content[JSON_TYPE].schema ?? {};
      for (const body of [example, ...mutationsOf(document, schema, example)]) {
        const [bySchema, byServer] = [check(body), await isTaken(place, body)];
        if (byServer) accepted++;
        else refused++;
        const isKnowable = !bySchema || !DEPENDENT.has(place.operation.operationId ?? '');
        if (bySchema !== byServer && isKnowable)
          differences.push({ at: nameOf(place), body, bySchema, byServer });
      }
    }
    expect(differences).toEqual([]);
    expect(accepted).toBeGreaterThan(places.length);
    expect(refused).toBeGreaterThan(places.length * 10);
  });
});
