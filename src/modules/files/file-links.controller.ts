import { Body, Controller, Get, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CurrentScope, OwnerOr, Public } from '../../platform/access/access.js';
import type { Scope } from '../../platform/access/caller.js';
import { OrganizationRequires } from '../../platform/access/chosen-owner.js';
import { ApiSection } from '../../platform/docs/section.js';
import { Answers, AnswersRaw } from '../../platform/http/answers.js';
import { Deadline } from '../../platform/http/deadline.js';
import { NoStore } from '../../platform/http/headers.js';
import { IdParams } from '../../platform/validation/record-id.dto.js';
import { CreateLinkDto, FileLinkDto, SharedQuery } from './file-link.dto.js';
import { FileErrors } from './file.errors.js';
import { FileLinks } from './file-links.js';
import { files } from './file.schema.js';
import { FilesService } from './files.service.js';
import { PICTURE_MS, Pictures } from './pictures.js';
import { READING_ERRORS, sendFile } from './sending.js';

@ApiSection(
  'files',
  'Files that users upload. A file belongs to the user who uploaded it, or to the organization in which that was done.',
)
@Controller('api/v1/files')
export class FileLinksController {
  constructor(
    private readonly service: FilesService,
    private readonly links: FileLinks,
    private readonly pictures: Pictures,
  ) {}

  @Post(':id/links')
  @OwnerOr(files.may.read)
  @OrganizationRequires('viewer')
  @NoStore()
  @ApiOperation({
    summary: 'Create a link to a file',
    description:
      'Anyone who has it can read the file without signing in, until it expires or its creator may no longer read the file.',
    operationId: 'linkFile',
  })
  @Answers(FileLinkDto, { errors: [...files.errors.get, FileErrors.FILE_NOT_READY] })
  async create(
    @CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    @Body() { expiresIn }: CreateLinkDto,
  ): Promise<FileLinkDto> {
    const file = await this.service.ready(scope, id);
    return this.links.make(scope, file._id.toHexString(), Math.ceil(Date.now() / 1000) + expiresIn);
  }

  @Get(':id/shared')
  @Public()
  @ApiOperation({
    summary: 'Download a file by a link',
    description: 'Like `GET /files/{id}/content`. Pages of other origins may embed a picture by its link.',
    operationId: 'downloadSharedFile',
  })
  @Deadline(PICTURE_MS)
  @AnswersRaw('application/octet-stream', {
    errors: READING_ERRORS,
  })
  async content(
    @Param() { id }: IdParams,
    @Query() { token, size }: SharedQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const scope = await this.links.open(id, token, reply.raw);
    const file = await this.service.ready(scope, id);
    reply.headers({ 'cache-control': 'private, no-cache', 'cross-origin-resource-policy': 'cross-origin' });
    await sendFile(request, reply, await this.pictures.of(scope, file, size));
  }
}
