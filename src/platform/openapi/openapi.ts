import { type INestApplication, Injectable } from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { References } from '../database/references.js';
import { Repositories } from '../database/repositories.js';
import { describeAccess } from './access.js';
import { codesOf, describeErrors } from './errors.js';
import { describeHeaders, HEADERS } from './headers.js';
import { describeReplays } from './idempotency.js';
import { closeBody, describeParameters } from './input.js';
import { operationsOf, removeNotes } from './operation.js';
import { PARTS, type Section } from '../docs/section.js';
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

/** The version that a path belongs to. Paths outside the API are listed with the first one. */
function versionOf(path: string): string {
  return /^\/api\/v([^/]+)/.exec(path)?.[1] ?? '1';
}

/** The OpenAPI documents of the API: its routes with their errors and examples. */
@Injectable()
export class OpenApi {
  constructor(
    private readonly modules: ModulesContainer,
    private readonly config: ApplicationConfig,
    private readonly host: HttpAdapterHost,
    private readonly repositories: Repositories,
    private readonly references: References,
  ) {}

  /** The document of a version. Needs no database, and no configuration changes it. */
  document(version = '1'): OpenAPIObject {
    const document = SwaggerModule.createDocument(this.application, headOf());
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
    listPermissions(document, this.repositories.permissions);
    const isReferredTo = (modelName: string): boolean => this.references.leadTo(modelName);
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

  /** What `SwaggerModule` reads of an application, which no provider is given. */
  private get application(): INestApplication {
    return {
      container: { getModules: () => this.modules },
      config: this.config,
      getHttpAdapter: () => this.host.httpAdapter,
    } as unknown as INestApplication;
  }
}

function headOf(): Omit<OpenAPIObject, 'paths'> {
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
  return { ...head, info: { ...head.info, contact: { name: PRODUCT.name } } };
}

/** The document as the file openapi.json holds it. */
export function printOpenApi(document: OpenAPIObject): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}
