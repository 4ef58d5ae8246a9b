import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { apiError, CATALOGUE } from '../../platform/errors/errors.js';
import { FileErrors } from './file.errors.js';
import { FilesConfig } from './files.config.js';
import { FilesService } from './files.service.js';

/** What a form holds beside its file: boundaries and headers. */
const FORM_BYTES = 16 * 1024;

/** Refuses uploads of which is known that they will be refused, before they are read. */
@Injectable()
export class UploadGuard implements CanActivate {
  constructor(
    private readonly config: FilesConfig,
    private readonly files: FilesService,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { headers, scope } = context.switchToHttp().getRequest<FastifyRequest>();
    const { 'content-type': type, 'content-length': length = 0 } = headers;
    if (type !== undefined && !/^\s*multipart\/form-data\b/i.test(type)) {
      throw apiError({
        ...CATALOGUE.UNSUPPORTED_MEDIA_TYPE,
        message: 'The body must be multipart/form-data',
      });
    }
    const least = Math.max(0, Number(length) - FORM_BYTES);
    if (least > this.config.maxBytes) throw apiError(FileErrors.FILE_TOO_LARGE);
    if (scope) await this.files.requireRoom(scope, least);
    return true;
  }
}
