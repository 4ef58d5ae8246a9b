import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { References } from '../database/references.js';
import { Repositories } from '../database/repositories.js';
import { describeAccess } from './access.js';
import { codesOf, describeErrors } from './errors.js';
import { describeHeaders, HEADERS } from './headers.js';
import { describeReplays } from './idempotency.js';
import { closeBody, describeParameters } from './input.js';
import { operationsOf, removeNotes } from './operation.js';
import { PARTS, type Section } from './section.js';
import { shareAnswers } from './share.js';
import { describeVersions } from './versions.js';
import { PRODUCT } from '../../product/product.js';
import { RELEASE } from '../../product/release.js';
import { listPermissions } from './permissions.js';

const ABOUT = `To try things out: register, sign in, press **Authorize** and paste the \`accessToken\`.

- A success is \`{"success": true, "data": …}\`. A failure is \`{"success": false, "error", "code", "requestId"}\`: \`error\` is a sentence for people, \`code\` is for programs and never changes.
- \`X-Request-Id\` names the request, in every answer and in every log line. Send one of your own, or take the one you get.
- The \`version\` of a record is its \`ETag\`. Send it as \`If-Match\` to change only what you have read, as \`If-None-Match\` to read only what is new.
- Send an \`Idempotency-Key\` when you create, and you may send the request again when you do not know whether it arrived.
- Times are answered in UTC with three decimals, and taken with any offset and any number of decimals, which are cut to milliseconds. A leap second is refused.
- Numbers that a double cannot hold are refused with 400: integers beyond ±(2^53 − 1), what overflows, and what would become zero.
- Fields that are not documented are refused with 400.`;

/** The headings by their parts, and within one in the order in which their routes are declared. */
function tagsOf(document: OpenAPIObject): NonNullable<OpenAPIObject['tags']> {
  const sections = new Map<string, Section | undefined>();
  for (const { operation } of operationsOf(document)) {
    for (const name of operation.tags ?? []) {
      sections.set(name, sections.get(name) ?? operation['x-section']);
    }
  }
  const placeOf = (section?: Section): number => PARTS.indexOf(section?.part ?? 'features');
  return [...sections]
    .toSorted(([, a], [, b]) => placeOf(a) - placeOf(b))
    .map(([name, section]) => ({ name, ...(section && { description: section.about }) }));
}

/** The version that a path belongs to. What is not of the API stands beside the first. */
function versionOf(path: string): string {
  return /^\/api\/v([^/]+)/.exec(path)?.[1] ?? '1';
}

/**
 * The OpenAPI document of a version: its routes with their errors and examples. Needs no database, and no
 * configuration changes it.
 */
export function createOpenApi(app: INestApplication, version = '1'): OpenAPIObject {
  const head = new DocumentBuilder()
    .setOpenAPIVersion('3.0.3')
    .setTitle(`${PRODUCT.name} API`)
    .setDescription(ABOUT)
    .setVersion(RELEASE)
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addBearerAuth({
      type: 'http',
      bearerFormat: 'JWT',
      description: 'The `accessToken` that signing in gives.',
    })
    .addServer('/', 'This server')
    .build();
  head.info.contact = { name: PRODUCT.name };
  const document = SwaggerModule.createDocument(app, head);
  const own = Object.entries(document.paths).filter(([path]) => versionOf(path) === version);
  document.paths = Object.fromEntries(own);
  document.tags = tagsOf(document);
  document.components = {
    ...document.components,
    schemas: {
      ...document.components?.schemas,
      ErrorCode: {
        type: 'string',
        description: 'For programs; never changes.',
        enum: codesOf(document),
        example: 'RATE_LIMITED',
      },
    },
    headers: HEADERS,
  };
  listPermissions(document, app.get(Repositories, { strict: false }).permissions);
  const references = app.get(References, { strict: false });
  const isReferredTo = (modelName: string): boolean => references.leadTo(modelName);
  for (const { path, method, operation } of operationsOf(document)) {
    describeAccess(operation);
    describeParameters(operation);
    closeBody(operation, document);
    if (path.startsWith('/api/')) {
      describeVersions(method, operation);
      describeReplays(operation);
      describeErrors(operation, isReferredTo);
      describeHeaders(operation);
    }
    removeNotes(operation);
  }
  shareAnswers(document);
  return document;
}

/** The document as the file openapi.json holds it. */
export function printOpenApi(document: OpenAPIObject): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
