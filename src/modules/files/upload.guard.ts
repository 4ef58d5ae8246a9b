import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { apiError } from '../../platform/errors/errors.js';
import { FileErrors } from './file.errors.js';
import { FilesConfig } from './files.config.js';
import { FilesService } from './files.service.js';

/** What a form contains besides its file: boundaries and headers, in bytes. */
const FORM_BYTES = 16 * 1024;

/** Refuses hopeless uploads before they are read. */
@Injectable()
export class UploadGuard implements CanActivate {
  constructor(
    private readonly config: FilesConfig,
    private readonly files: FilesService,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const { headers, scope } = context.switchToHttp().getRequest<FastifyRequest>();
    const least = Math.max(0, Number(headers['content-length'] ?? 0) - FORM_BYTES);
    if (least > this.config.maxBytes) throw apiError(FileErrors.FILE_TOO_LARGE);
    if (scope) await this.files.requireRoom(scope, least);
    return true;
  }
}
