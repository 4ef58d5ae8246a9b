import { Module } from '@nestjs/common';
import { OpenApi } from './openapi.js';
import { SwaggerUi } from './swagger-ui.js';

/** The OpenAPI document of the API, and Swagger UI to read and try it. */
@Module({ providers: [OpenApi, SwaggerUi] })
export class OpenApiModule {}
