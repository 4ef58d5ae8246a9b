import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { RELEASE } from '../src/product/release.js';
import {
  bodyExampleOf,
  exampleOf,
  type OpenApi,
  type Operation,
  type Place,
  startMessage,
  resolve,
  shapeOf,
  withExamples,
} from './support/openapi-document.js';
import { CHANGE_EMAIL, FORGOT, NEW_PASSWORD } from './support/accounts.js';
import { newFile } from './support/files.js';
import { FILES } from './support/forms.js';
import { mailTo, outboxOf } from './support/mails.js';
import { codeOf, newPerson, newProtected, OTP } from './support/second-factor.js';
import { CONTRACT } from './support/contract.js';
import { prepareFor, referring, startsExecution, withoutGiven } from './support/referring.js';
import { expectNone } from './support/rules.js';
import { invitationExamples, newInvited } from './support/organizations.js';
import { routeName, runningRoutes } from './support/running-routes.js';
import { exampleProvider, signInExamples } from './support/sign-in-examples.js';
import { OidcServer } from './support/oidc.js';
import { SupabaseProject } from './support/supabase.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import { PASSWORD, type TestClient } from './support/test-client.js';
import { LOGIN, newCredentials, register } from './support/users.js';

// A product may have many routes, and each is asked.
jest.setTimeout(120_000);

/** What must have been sent before the example of an operation can be accepted, by operationId. */
const BEFORE: Readonly<Record<string, string>> = { login: 'register' };

describe('the OpenAPI document', () => {
  let test: TestApp;
  let supabase: SupabaseProject;
  let google: OidcServer;
  let document: OpenApi;
  let places: Place[];
  let api: Place[];
  let admin: TestClient;

  const nameOf = ({ method, path }: Place) => `${method} ${path}`;
  /** The operations that break a rule, by name; the list is what a failure shows. */
  const offenders = (among: Place[], isRight: (operation: Operation, place: Place) => boolean) => {
    expect(among).not.toHaveLength(0);
    return among.filter((place) => !isRight(place.operation, place)).map(nameOf);
  };

  beforeAll(async () => {
    supabase = await SupabaseProject.start();
    google = await OidcServer.start(exampleProvider.name, exampleProvider.callback);
    test = await createTestApp({ ...supabase.env, ...google.env, ...exampleProvider.env });
    document = (await test.anonymous.get('/docs/json')).body as OpenApi;
    places = startMessage(document);
    api = places.filter(({ path }) => path.startsWith('/api/'));
  });
  afterAll(async () => {
    await test.close();
    await Promise.all([supabase.close(), google.close()]);
  });

  /** An empty database with one administrator. */
  async function reset(): Promise<void> {
    for (const { name } of await test.connection.listCollections()) {
      if (!name.startsWith('system.')) await test.connection.collection(name).deleteMany({});
    }
    admin = await test.anonymous.signIn('admin');
  }

  it('has every route that clients know, of this release', () => {
    const answered = new Set(
      places.flatMap((place) =>
        Object.keys(place.operation.responses).map((status) => `${nameOf(place)} ${status}`),
      ),
    );
    const parts = Object.keys(CONTRACT).filter((part) => existsSync(`src/${part}`));
    const promised = parts.flatMap((part) => CONTRACT[part] ?? []);
    expect(promised.filter((route) => !answered.has(route))).toEqual([]);
    expect(document.info.version).toBe(RELEASE);
  });

  it('has every route of the running server and no other, guarded where the route is', async () => {
    const routes = await runningRoutes();
    const running = routes.map(({ method, url, guarded }) => routeName(method, url, guarded));
    const isGuarded = ({ security = [] }: Operation) => security.some((scheme) => 'bearer' in scheme);
    const documented = places.map((place) => routeName(place.method, place.path, isGuarded(place.operation)));
    expect(documented.length).toBeGreaterThan(10);
    expectNone(
      running.filter((route) => /^\w+ \/(api|health)[/,]/.test(route) && !documented.includes(route)),
      'Every route below /api is documented as it is: leave out @ApiExcludeEndpoint, @ApiExcludeController, @ApiBearerAuth',
    );
    expectNone(
      documented.filter((route) => !running.includes(route)),
      'What is documented is served, and guarded as it says: leave out @ApiBearerAuth, which access decorators bring',
    );
  });

  it('gives every operation a summary, a description, one tag and an id of its own', () => {
    const isTitled = ({ summary = '' }: Operation) => /^[A-Z][^.]+$/.test(summary);
    const isDescribed = ({ description = '' }: Operation) => /^[A-Z].*\.$/.test(description);
    const hasSection = ({ tags }: Operation) => tags?.length === 1;
    expectNone(offenders(places, isTitled), 'Write @ApiOperation({ summary: "Create a project", … })');
    expectNone(offenders(places, isDescribed), 'Write @ApiOperation({ …, description: "A sentence." })');
    expectNone(offenders(places, hasSection), 'Write @ApiSection above the controller');
    const ids = places.map(({ operation }) => operation.operationId);
    expect(ids).not.toContain(undefined);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('describes every parameter, and gives none a null that nobody can send', () => {
    const isRight = ({ parameters = [] }: Operation) =>
      parameters.every(({ description, schema }) => description && schema.type && !('nullable' in schema));
    expectNone(offenders(api, isRight), 'Write @ApiProperty({ description }) above each field of the DTO');
  });

  it('lists the errors that follow from what an operation is', () => {
    const has = ({ responses }: Operation, ...statuses: number[]) =>
      statuses.every((status) => responses[status] !== undefined);
    expect(offenders(api, (operation) => has(operation, 400, 429, 500, 503))).toEqual([]);
    expect(offenders(api, (operation) => !operation.security?.length || has(operation, 401))).toEqual([]);
    expect(offenders(api, (operation) => !operation.requestBody || has(operation, 413, 415))).toEqual([]);
    expect(
      offenders(api, (operation, { path }) => !path.includes('{id}') || has(operation, 400, 404)),
    ).toEqual([]);
  });

  it('documents ETag with If-None-Match on what is read and If-Match on what is changed', () => {
    const headersOf = ({ parameters = [] }: Operation) =>
      parameters.filter((p) => p.in === 'header').map((p) => p.name);
    const tagged = api.filter(({ operation }) => operation.responses['200']?.headers?.['ETag']);
    const reading = tagged.filter(({ method }) => method === 'GET');
    const versioned = new Set(reading.map(({ path }) => path));
    const changing = api.filter(
      ({ path, method }) => ['PUT', 'PATCH', 'DELETE'].includes(method) && versioned.has(path),
    );
    // Where no answer tells a version, nobody can name one.
    const isVersioned = (path: string) => versioned.has(path) || versioned.has(path.replace(/\/[\w-]+$/, ''));
    const others = api.filter(({ path, method }) => method !== 'GET' && !isVersioned(path));
    expect(
      offenders(others, (o) => !headersOf(o).includes('If-Match') && !headersOf(o).includes('If-None-Match')),
    ).toEqual([]);
    const isRead = (o: Operation) => headersOf(o).includes('If-None-Match') && '304' in o.responses;
    expect(offenders(reading, isRead)).toEqual([]);
    expect(offenders(changing, (o) => headersOf(o).includes('If-Match') && '412' in o.responses)).toEqual([]);
  });

  it('shows every error as the Failure that it is, with an example for each code', () => {
    const isRight = ({ responses }: Operation) =>
      Object.entries(responses)
        .filter(([status]) => Number(status) >= 400)
        .every(([, { content, description }]) => {
          const { schema, examples = {} } = content?.['application/json'] ?? { schema: {} };
          const codes = Object.entries(examples);
          return (
            schema.$ref === '#/components/schemas/Failure' &&
            codes.length > 0 &&
            codes.every(
              ([code, { value }]) =>
                value.code === code && description.includes(`\`${code}\` ${value.error}`),
            )
          );
        });
    expect(offenders(api, isRight)).toEqual([]);
  });

  describe('sent to the server', () => {
    /** The path with the id of a record made from the collection's own example. */
    async function addressOf(path: string): Promise<string> {
      if (!path.includes('{id}')) return path.replace('{provider}', google.name);
      const collection = path.replace(/\/\{id\}.*/, '');
      if (collection === FILES) return path.replace('{id}', await newFile(admin));
      const create = document.paths[collection]?.['post'];
      const { body } = await admin.post(collection, create && (await sentTo(collection, create)).body);
      if (body?.data) await prepareFor(path, String(body.data.id), admin, test);
      return path.replace('{id}', String(body?.data?.id)).replace('{userId}', admin.userId);
    }
    /** The user that the example of creating one makes, signed in. */
    async function exampleUser(): Promise<TestClient> {
      const login = places.find(({ operation }) => operation.operationId === 'login');
      const { body } = await admin.post(LOGIN, login && bodyExampleOf(document, login.operation, LOGIN));
      return test.anonymous.with({ authorization: `Bearer ${body.data.accessToken}` });
    }

    /** Registers somebody and answers the token of the mail that comes of it. */
    async function mailedToken(): Promise<{ email: string; token: string }> {
      const { email } = await register(test.anonymous);
      const { token } = await mailTo(email, () => outboxOf(test.config));
      return { email, token };
    }

    const refreshToken = async () => ({
      body: { refreshToken: (await test.anonymous.signIn()).signedIn.refreshToken },
    });
    /** Who sends what, where an example holds something that only the server can give. */
    const live: Readonly<Record<string, () => Promise<{ caller?: TestClient; body: unknown }>>> = {
      ...signInExamples(() => ({ test, server: google })),
      refresh: refreshToken,
      logout: refreshToken,
      ...invitationExamples(() => newInvited(test, admin)),
      linkIdentity: async () => ({ body: { accessToken: await supabase.token(supabase.person()) } }),
      verifyEmail: async () => ({ body: { token: (await mailedToken()).token } }),
      resetPassword: async () => {
        const { email } = await mailedToken();
        await test.anonymous.post(FORGOT, { email });
        const { token } = await mailTo(email, () => outboxOf(test.config), 2);
        return { body: { token, newPassword: NEW_PASSWORD } };
      },
      deleteSelf: async () => ({ caller: await exampleUser(), body: { password: PASSWORD } }),
      stepUp: () => Promise.resolve({ body: { password: PASSWORD } }),
      confirmEmailChange: async () => {
        const { client } = await newPerson(test);
        const { email } = newCredentials();
        await client.post(CHANGE_EMAIL, { email });
        return { body: { token: (await mailTo(email, () => outboxOf(test.config))).token } };
      },
      confirmOtp: async () => {
        const { client, password } = await newPerson(test);
        const { body } = await client.post(`${OTP}/enable`, { password });
        return { caller: client, body: { otp: codeOf(String(body.data.secret)) } };
      },
      disableOtp: async () => {
        const { client, password, secret } = await newProtected(test);
        return { caller: client, body: { password, otp: codeOf(secret) } };
      },
    };
    async function sentTo(
      path: string,
      operation: Operation,
    ): Promise<{ caller?: TestClient; body: unknown }> {
      const known = await live[operation.operationId ?? '']?.();
      return known ?? { body: await referring(path, bodyExampleOf(document, operation, path), admin) };
    }

    async function prepare(operationId = ''): Promise<void> {
      const first = places.find(({ operation }) => operation.operationId === BEFORE[operationId]);
      if (first)
        await admin.send(first.method, first.path, bodyExampleOf(document, first.operation, first.path));
    }

    it('has examples that are accepted, and answered as the example of the answer shows', async () => {
      for (const { path, method, operation } of withExamples(api)) {
        await reset();
        await prepare(operation.operationId);
        const address = await addressOf(path);
        const sent = await sentTo(path, operation);
        const { status, body } = await (sent.caller ?? admin).send(method, address, sent.body);
        const [[expected, answer] = []] = Object.entries(operation.responses);
        expectNone(
          status < 400 ? [] : [`${method} ${path}: ${JSON.stringify(body)}`],
          'Mend `example` of the @ApiProperty: the server refuses what the document shows',
        );
        const schema = answer?.content?.['application/json'].schema ?? {};
        // What a command is given is in the record that it answers, and in no other.
        const shape = (answered: unknown): unknown => shapeOf(withoutGiven(path, answered));
        const isStart = startsExecution(path);
        expect({ method, path, status, shape: isStart || shape(body) }).toEqual({
          method,
          path,
          status: Number(expected),
          shape: isStart || shape(exampleOf(document, schema, path)),
        });
      }
    });

    it('answers the faults that the examples of 400 show', async () => {
      const faultOf = ({ responses }: Operation) =>
        responses['400']?.content?.['application/json'].examples?.['VALIDATION_ERROR'];
      const checked = api.filter(({ operation }) => faultOf(operation));
      expect(checked).not.toHaveLength(0);
      for (const { path, method, operation } of checked) {
        await reset();
        const [detail] = faultOf(operation)?.value.details ?? [];
        const field = detail?.path ?? '';
        const schema = operation.requestBody?.content['application/json']?.schema;
        const isInBody = schema && field in (resolve(document, schema).properties ?? {});
        const inPath = path.includes(`{${field}}`) && !isInBody;
        const address = inPath ? path.replace(`{${field}}`, 'x') : await addressOf(path);
        const isRequired = schema && resolve(document, schema).required?.includes(field);
        const { status, body } = isInBody
          ? await admin.send(method, address, isRequired ? {} : { [field]: 1 })
          : await admin.send(method, inPath ? address : `${address}?${field}=101`);
        expect({ method, path, status, details: body?.details as unknown }).toEqual({
          method,
          path,
          status: 400,
          details: expect.arrayContaining([detail]),
        });
      }
    });
  });
});
