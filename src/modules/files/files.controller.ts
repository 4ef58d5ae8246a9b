import {
  Controller,
  Delete,
  Get,
  Param,
  Post,
  Query,
  Req,
  Res,
  UploadedFile,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { FileInterceptor } from '@nestjs/platform-fastify/multipart';
import { ApiBody, ApiHeader, ApiOperation } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentScope, OwnerOr, SignedIn } from '../../platform/access/access.js';
import type { Scope } from '../../platform/access/caller.js';
import { ApiSection } from '../../platform/docs/section.js';
import { invalid } from '../../platform/errors/errors.js';
import { Answers, AnswersMessage, AnswersPage, AnswersRaw } from '../../platform/http/answers.js';
import { Deadline } from '../../platform/http/deadline.js';
import { routeConfig } from '../../platform/http/route-config.js';
import { CreateOnce, type Once } from '../../platform/idempotency/once.js';
import { mapPage, type Page } from '../../platform/validation/page-query.js';
import { IdParams } from '../../platform/validation/record-id.dto.js';
import { ContentQuery, FileDto, ListFilesQuery } from './file.dto.js';
import { FileErrors } from './file.errors.js';
import { files } from './file.schema.js';
import { FilesService } from './files.service.js';
import { PICTURE_MS, Pictures } from './pictures.js';
import { READING_ERRORS, sendFile } from './sending.js';
import { UploadGuard } from './upload.guard.js';
import { STORE_MS, type Upload, UPLOAD_MS } from './uploads.js';

const FORM = {
  schema: {
    type: 'object',
    required: ['file'],
    properties: { file: { type: 'string', format: 'binary' } },
  },
};

@ApiSection(
  'files',
  'Files that users upload. A file belongs to the user who uploaded it, or to the organization in which that was done.',
)
@Controller('api/v1/files')
export class FilesController {
  constructor(
    private readonly service: FilesService,
    private readonly pictures: Pictures,
  ) {}

  @Post()
  @SignedIn()
  @Deadline(STORE_MS)
  @routeConfig({ bodyMs: UPLOAD_MS, formDigest: true })
  @UseGuards(UploadGuard)
  @UseInterceptors(FileInterceptor('file'))
  @ApiOperation({
    summary: 'Upload a file',
    description: 'One file in the part `file`. Its type is detected from the first bytes.',
    operationId: 'uploadFile',
  })
  @ApiBody(FORM)
  @Answers(FileDto, {
    status: 201,
    errors: [
      FileErrors.FILE_TOO_LARGE,
      FileErrors.FILE_TYPE_NOT_ALLOWED,
      FileErrors.FILE_INFECTED,
      FileErrors.FILE_QUOTA_EXCEEDED,
      FileErrors.STORAGE_FULL,
      FileErrors.STORAGE_UNAVAILABLE,
      FileErrors.SCANNER_UNAVAILABLE,
      ...files.errors.create,
    ],
  })
  async create(
    @CurrentScope() scope: Scope,
    @UploadedFile() file: Upload | undefined,
    @CreateOnce() once: Once,
  ): Promise<FileDto> {
    if (!file) throw invalid([{ path: 'file', message: 'file must be a part of the form, with a filename' }]);
    const { content, name, type, size, sha256 } = file;
    return FileDto.from(await this.service.create(scope, { content, name, type, size, sha256 }, once));
  }

  @Get()
  @OwnerOr(files.may.read, { parameter: 'owner' })
  @ApiOperation({ summary: 'List files', description: 'Newest first.', operationId: 'listFiles' })
  @AnswersPage(FileDto)
  async list(@CurrentScope() scope: Scope, @Query() query: ListFilesQuery): Promise<Page<FileDto>> {
    return mapPage(await this.service.list(scope, query), FileDto.from);
  }

  @Get(':id')
  @OwnerOr(files.may.read)
  @ApiOperation({ summary: 'Get a file', description: 'Without its bytes.', operationId: 'getFile' })
  @Answers(FileDto, { errors: files.errors.get })
  async get(@CurrentScope() scope: Scope, @Param() { id }: IdParams): Promise<FileDto> {
    return FileDto.from(await this.service.get(scope, id));
  }

  @Get(':id/content')
  @OwnerOr(files.may.read)
  @ApiOperation({
    summary: 'Download a file',
    description:
      'Its bytes. Browsers may show pictures and plain text; everything else is an attachment. The ETag is the SHA-256.',
    operationId: 'downloadFile',
  })
  @ApiHeader({
    name: 'Range',
    required: false,
    description: 'One range, such as `bytes=0-1023`: 206. Multiple ranges get the whole file.',
    schema: { type: 'string', example: 'bytes=0-1023' },
  })
  @AnswersRaw('application/octet-stream', { errors: READING_ERRORS })
  @Deadline(PICTURE_MS)
  async content(
    @CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    @Query() { size }: ContentQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const file = await this.service.ready(scope, id);
    await sendFile(request, reply, await this.pictures.of(scope, file, size));
  }

  @Delete(':id')
  @OwnerOr(files.may.write)
  @ApiOperation({ summary: 'Delete a file', operationId: 'deleteFile' })
  @AnswersMessage('File deleted', { errors: files.errors.remove })
  async remove(@CurrentScope() scope: Scope, @Param() { id }: IdParams): Promise<void> {
    await this.service.remove(scope, id);
  }
}
