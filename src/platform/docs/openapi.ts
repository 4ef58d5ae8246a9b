import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { addErrors } from './errors.js';

/** The OpenAPI document: every route with its errors and examples. Needs no database. */
export function createOpenApi(app: INestApplication): OpenAPIObject {
  const head = new DocumentBuilder()
    .setTitle('Flowversal')
    .setDescription(
      'A modular backend. Register, sign in, press Authorize with the `accessToken`, and try things out.',
    )
    .setVersion('1')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addBearerAuth()
    .addServer('/')
    .build();
  return addErrors(SwaggerModule.createDocument(app, head));
}
