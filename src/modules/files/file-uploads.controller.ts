import { Body, Controller, Param, Post, Put, Query, Req } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiOperation } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { CurrentScope, OwnerOr, Public, SignedIn } from '../../platform/access/access.js';
import type { Scope } from '../../platform/access/caller.js';
import { ApiSection } from '../../platform/docs/section.js';
import { Answers, AnswersMessage } from '../../platform/http/answers.js';
import { Deadline } from '../../platform/http/deadline.js';
import { NoStore } from '../../platform/http/headers.js';
import { routeConfig } from '../../platform/http/route-config.js';
import { CreateOnce, type Once } from '../../platform/idempotency/once.js';
import { IdParams } from '../../platform/validation/record-id.dto.js';
import { DirectUploads } from './direct-uploads.js';
import { FileDto } from './file.dto.js';
import { FileErrors } from './file.errors.js';
import { LinkQuery } from './file-link.dto.js';
import { files } from './file.schema.js';
import { AnnounceFileDto, FileUploadDto } from './file-upload.dto.js';
import { STORE_MS, UPLOAD_MS } from './uploads.js';

const { FILE_TOO_LARGE, FILE_TYPE_NOT_ALLOWED, FILE_INFECTED, FILE_QUOTA_EXCEEDED } = FileErrors;
const { STORAGE_FULL, STORAGE_UNAVAILABLE, SCANNER_UNAVAILABLE } = FileErrors;
const { UPLOAD_DIFFERS, UPLOAD_ENDED, UPLOAD_MISSING } = FileErrors;

@ApiSection(
  'files',
  'Files that users upload. A file belongs to the user who uploaded it, or to the organization in which that was done.',
)
@Controller('api/v1/files')
export class FileUploadsController {
  constructor(private readonly uploads: DirectUploads) {}

  @Post('uploads')
  @SignedIn()
  @NoStore()
  @ApiOperation({
    summary: 'Announce an upload',
    description:
      'Responds with a URL. Send the bytes there within an hour, with the given method and headers and without a token, then complete the upload.',
    operationId: 'announceFile',
  })
  @Answers(FileUploadDto, {
    status: 201,
    location: '/api/v1/files',
    errors: [FILE_TOO_LARGE, FILE_TYPE_NOT_ALLOWED, FILE_QUOTA_EXCEEDED, ...files.errors.create],
  })
  async begin(
    @CurrentScope() scope: Scope,
    @Body() dto: AnnounceFileDto,
    @CreateOnce() once: Once,
  ): Promise<FileUploadDto> {
    const { file, upload } = await this.uploads.begin(scope, dto, once);
    return { id: file._id.toHexString(), upload: upload as FileUploadDto['upload'] };
  }

  @Put(':id/upload')
  @Public()
  @Deadline(STORE_MS)
  @routeConfig({ bodyMs: UPLOAD_MS, streamsBody: true })
  @ApiOperation({
    summary: 'Upload the bytes of a file',
    description: 'At the URL from the announcement.',
    operationId: 'sendFile',
  })
  @ApiConsumes('application/octet-stream')
  @ApiBody({ schema: { type: 'string', format: 'binary' } })
  @AnswersMessage('File received', {
    errors: [
      ...files.errors.get,
      UPLOAD_ENDED,
      UPLOAD_DIFFERS,
      FILE_QUOTA_EXCEEDED,
      STORAGE_FULL,
      STORAGE_UNAVAILABLE,
    ],
  })
  async receive(
    @Param() { id }: IdParams,
    @Query() { token }: LinkQuery,
    @Req() { raw, headers }: FastifyRequest,
  ): Promise<void> {
    const length = headers['content-length'];
    await this.uploads.receive(id, token, raw, length === undefined ? undefined : Number(length));
  }

  @Post(':id/complete')
  @OwnerOr(files.may.write)
  @Deadline(STORE_MS)
  @ApiOperation({
    summary: 'Complete an upload',
    description: 'Checks the uploaded bytes. The type is detected from the first ones.',
    operationId: 'completeFile',
  })
  @Answers(FileDto, {
    errors: [
      ...files.errors.get,
      FILE_TOO_LARGE,
      FILE_TYPE_NOT_ALLOWED,
      FILE_INFECTED,
      UPLOAD_MISSING,
      UPLOAD_DIFFERS,
      UPLOAD_ENDED,
      STORAGE_FULL,
      STORAGE_UNAVAILABLE,
      SCANNER_UNAVAILABLE,
    ],
  })
  async complete(@CurrentScope() scope: Scope, @Param() { id }: IdParams): Promise<FileDto> {
    return FileDto.from(await this.uploads.complete(scope, id));
  }
}
