import { Controller, Get } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Public } from '../src/platform/access/access.js';
import { ApiSection } from '../src/platform/docs/section.js';
import { AnswersRaw } from '../src/platform/http/answers.js';
import { CATALOGUE } from '../src/platform/errors/errors.js';
import { FEATURES } from './features/features.js';
import {
  type OpenApi,
  type Operation,
  type Place,
  startMessage,
  type Schema,
} from './support/openapi-document.js';
import { addToApp } from './support/nest-lab.js';
import { prepareTools, PYTHON, runTool } from './support/openapi-tools.js';
import { createTestApp, type TestApp } from './support/test-app.js';
import { addTickets } from './support/trial-lists.js';
import { newCredentials } from './support/users.js';

const NODE = `"${process.execPath}"`;
/** TypeScript's native compiler, with the options of a strict project. */
const COMPILE = `${NODE} ../node_modules/typescript-native/bin/tsc --ignoreConfig --noEmit --strict --skipLibCheck --module nodenext --allowImportingTsExtensions --types node`;

@ApiSection('apps', 'What systems of phones ask for.')
@Controller('.well-known')
class WellKnown {
  @Get('assetlinks.json')
  @Public()
  @ApiOperation({ summary: 'Name the apps', description: 'Without the envelope, as others want it.' })
  @AnswersRaw('application/json')
  links(): object[] {
    return [{ relation: ['delegate_permission/common.handle_all_urls'] }];
  }
}

// Lists of every kind, which the base's own features have none of.
addTickets();
// A route outside /api, as products may have.
addToApp({ controllers: [WellKnown] });

/** The headings below those of features. */
const OF_BASE =
  'executions schedules audit webhooks account api-keys identities sign-in_with_others passkeys second_factor sessions users health'
    .split(' ')
    .map((name) => name.replaceAll('_', ' '));

// Each tool starts a process or three, in a machine that may have other things to do.
jest.setTimeout(120_000);

/** What generators of clients and checkers of documents need. */
describe('the OpenAPI document, for tools', () => {
  let test: TestApp;
  let address: string;
  let document: OpenApi;
  let places: Place[];

  /** The operations of the API that break a rule, by name; the list is what a failure shows. */
  const offenders = (isRight: (operation: Operation) => boolean) =>
    places.filter(({ operation }) => !isRight(operation)).map(({ operation }) => operation.operationId);

  beforeAll(async () => {
    test = await createTestApp();
    await test.app.listen(0, '127.0.0.1');
    address = new URL(await test.app.getUrl()).origin;
    document = (await test.anonymous.get('/docs/json')).body as OpenApi;
    places = startMessage(document);
    expect(places.length).toBeGreaterThan(20);
    await prepareTools(document);
  }, 300_000);
  afterAll(() => test.close());

  it('gives every schema a name, and every id its pattern', () => {
    const isNamed = (schema: Schema): boolean =>
      schema.$ref !== undefined ||
      (schema.properties === undefined && (schema.items === undefined || isNamed(schema.items)));
    const schemas = Object.entries(document.components.schemas);
    const fields = schemas.flatMap(([name, { properties = {} }]) =>
      Object.entries(properties).map(([field, schema]) => ({ name: `${name}.${field}`, field, schema })),
    );
    expect(fields.filter(({ schema }) => !isNamed(schema))).toEqual([]);
    const bodies = ({ requestBody, responses }: Operation) =>
      [requestBody?.content, ...Object.values(responses).map(({ content }) => content)].flatMap(
        (content) => content?.['application/json']?.schema ?? [],
      );
    // What is answered without the envelope has no fields that a client could know.
    const isKnown = ({ $ref, format }: Schema) => $ref !== undefined || format === 'binary';
    expect(offenders((operation) => bodies(operation).every(isKnown))).toEqual([]);
    const ids = fields.filter(({ field }) => /^(?:id|.*Id)$/.test(field) && field !== 'requestId');
    expect(ids.length).toBeGreaterThan(5);
    expect(ids.filter(({ schema }) => schema.pattern === undefined)).toEqual([]);
    const inPath = ({ parameters = [] }: Operation) => parameters.filter((each) => each.in === 'path');
    expect(offenders((operation) => inPath(operation).every(({ schema }) => schema.pattern))).toEqual([]);
  });

  it('says each failure once: operations refer to it, and its code is one of a list', () => {
    const codes = document.components.schemas['ErrorCode']?.enum ?? [];
    const failures = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.values(item).flatMap(({ responses }) =>
        Object.entries(responses).filter(([status]) => path.startsWith('/api/') && Number(status) >= 400),
      ),
    );
    expect(failures.length).toBeGreaterThan(100);
    for (const [, response] of failures) expect(Object.keys(response)).toEqual(['$ref']);
    const texts = Object.values(document.components.responses).map((response) => JSON.stringify(response));
    expect(new Set(texts).size).toBe(texts.length);
    for (const [code, { value }] of Object.entries(document.components.examples)) {
      expect(codes).toContain(code);
      expect(value.code).toBe(code);
    }
    expect(Object.keys(CATALOGUE).filter((code) => !codes.includes(code))).toEqual([]);
  });

  it('begins with signing in and the features, and ends with what operators need', () => {
    const headings = document.tags.map(({ name }) => name);
    const features = FEATURES.map(({ path }) => path.replace('/api/v1/', '').replaceAll('-', ' '));
    const end = headings.indexOf('executions');
    // A product may have headings without a table of tests.
    expect(headings.slice(1, end)).toEqual(
      expect.arrayContaining(['files', 'organizations', 'trial tickets', 'apps', ...features]),
    );
    expect(headings[0]).toBe('auth');
    expect(headings.slice(end).filter((name) => OF_BASE.includes(name))).toEqual(OF_BASE);
    expect(headings.slice(-2)).toEqual(['users', 'health']);
  });

  it.each([
    ['Spectral', 'spectral lint generated/openapi.json --ruleset spectral.yaml --fail-severity hint'],
    ['Redocly', 'redocly lint generated/openapi.json --config redocly.yaml --max-problems 100'],
    ['openapi-spec-validator', `${PYTHON} -m openapi_spec_validator generated/openapi.json`],
  ])('has nothing that %s warns of', async (_, line) => {
    expect(await runTool(line, { CI: 'true' })).not.toMatch(/\bwarning/i);
  });

  it.each([
    {
      client: 'openapi-fetch',
      generate: 'openapi-typescript generated/openapi.json --output generated/schema.ts',
      check: `${COMPILE} openapi-fetch.ts`,
      use: `${NODE} openapi-fetch.ts`,
    },
    {
      client: 'hey-api',
      generate: 'openapi-ts --file hey-api.config.mjs --no-log-file',
      check: `${COMPILE} hey-api.ts`,
      use: `${NODE} hey-api.ts`,
    },
    {
      client: 'openapi-python-client',
      generate:
        'openapi-python-client generate --path generated/openapi.json --config openapi-python-client.yaml --output-path generated/python --meta none --overwrite --fail-on-warning',
      check:
        'pyrefly check --preset default --search-path . --search-path python use_openapi_python_client.py',
      use: `${PYTHON} use_openapi_python_client.py`,
    },
  ])('makes a client of $client that fits its types and works', async ({ client, generate, check, use }) => {
    await runTool(generate);
    await runTool(check);
    const { email } = newCredentials();
    const answers = JSON.parse(await runTool(`${use} ${address} ${client}-${email}`)) as unknown;
    expect(answers).toEqual({
      read: 'Website',
      total: 1,
      updated: 2,
      deleted: 'Project deleted',
      code: 'PROJECT_NOT_FOUND',
    });
  });
});
