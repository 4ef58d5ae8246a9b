import { Body, Controller, Get, Param, Post, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { ApiSection } from '../../platform/docs/section.js';
import { Answers, AnswersPage } from '../../platform/http/answers.js';
import { mapPage, type Page } from '../../platform/http/page.js';
import { IdParams } from '../../platform/http/record-id.dto.js';
import { CurrentScope, OwnerOr, Requires } from '../../platform/security/access.js';
import type { Scope } from '../../platform/security/caller.js';
import { CreateUserDto, ListUsersQuery, UserDto } from './user.dto.js';
import { UsersService } from './users.service.js';

@ApiSection('users', 'Who may sign in, and with which role.')
@Controller('api/v1/users')
export class UsersController {
  constructor(private readonly users: UsersService) {}

  @Post()
  @Requires('users:write')
  @ApiOperation({ summary: 'Create a user', operationId: 'createUser' })
  @Answers(UserDto, { status: 201, errors: ['EMAIL_TAKEN', 'OVERLOADED'] })
  async create(@Body() dto: CreateUserDto): Promise<UserDto> {
    return UserDto.from(await this.users.provision({ ...dto, role: dto.role ?? 'user' }));
  }

  @Get()
  @Requires('users:read')
  @ApiOperation({ summary: 'List users', description: 'Newest first.', operationId: 'listUsers' })
  @AnswersPage(UserDto)
  async list(@CurrentScope() scope: Scope, @Query() query: ListUsersQuery): Promise<Page<UserDto>> {
    return mapPage(await this.users.list(scope, query), UserDto.from);
  }

  @Get(':id')
  @OwnerOr('users:read')
  @ApiOperation({ summary: 'Get a user', operationId: 'getUser' })
  @Answers(UserDto, { errors: ['USER_NOT_FOUND'] })
  async get(@CurrentScope() scope: Scope, @Param() { id }: IdParams): Promise<UserDto> {
    return UserDto.from(await this.users.get(scope, id));
  }
}
