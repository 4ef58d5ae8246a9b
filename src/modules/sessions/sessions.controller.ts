import { Controller, Delete, Get, Param } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { ApiSection } from '../../platform/docs/section.js';
import { AnswersList, AnswersMessage } from '../../platform/http/answers.js';
import { IdParams } from '../../platform/validation/record-id.dto.js';
import { CurrentCaller, SignedIn } from '../../platform/access/access.js';
import type { Caller } from '../../platform/access/caller.js';
import { NoStore } from '../../platform/http/headers.js';
import { SessionDto } from './session.dto.js';
import { SessionsService } from './sessions.service.js';
import { SessionErrors } from './session.errors.js';

@ApiSection('sessions', 'Where a user is signed in.', 'account')
@Controller('api/v1/auth/sessions')
export class SessionsController {
  constructor(private readonly sessions: SessionsService) {}

  @Get()
  @SignedIn({ apiKeys: false })
  @NoStore()
  @ApiOperation({
    summary: 'List your sessions',
    description: 'The most recently used one comes first.',
    operationId: 'listSessions',
  })
  @AnswersList(SessionDto)
  async list(@CurrentCaller() { id, session }: Caller): Promise<SessionDto[]> {
    return (await this.sessions.list(id)).map((each) => SessionDto.from(each, session));
  }

  @Delete(':id')
  @SignedIn({ apiKeys: false })
  @NoStore()
  @ApiOperation({
    summary: 'End a session',
    description: 'Its access token is refused from the next request on.',
    operationId: 'deleteSession',
  })
  @AnswersMessage('Session ended', { errors: [SessionErrors.SESSION_NOT_FOUND] })
  async end(@CurrentCaller() caller: Caller, @Param() { id }: IdParams): Promise<void> {
    await this.sessions.end(caller.id, id.toLowerCase());
  }
}
