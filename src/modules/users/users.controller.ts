import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { ApiSection } from '../../platform/docs/section.js';
import { Answers, AnswersMessage, AnswersPage } from '../../platform/http/answers.js';
import { CurrentDevice, type Device } from '../../platform/http/device.js';
import { IfMatch } from '../../platform/http/entity-tag.js';
import type { Precondition } from '../../platform/validation/precondition.js';
import { mapPage, type Page } from '../../platform/validation/page-query.js';
import { IdParams } from '../../platform/validation/record-id.dto.js';
import { CreateOnce, type Once } from '../../platform/idempotency/once.js';
import { CurrentCaller, OwnerOr, PersonalScope, Requires, SignedIn } from '../../platform/access/access.js';
import type { Caller, Scope } from '../../platform/access/caller.js';
import { LAST_OWNER } from '../../platform/access/memberships.js';
import { StepUp } from '../../platform/access/step-up.js';
import { OptionalBody } from '../../platform/http/input.js';
import { CreateUserDto, DeleteSelfDto, ListUsersQuery, UpdateUserDto, UserDto } from './user.dto.js';
import { UsersService } from './users.service.js';
import { UserErrors } from './user.errors.js';
import { users } from './user.schema.js';

@ApiSection('users', 'Who may sign in, and with which role.', 'administration')
@Controller('api/v1/users')
export class UsersController {
  constructor(private readonly service: UsersService) {}

  @Post()
  @Requires('users:create')
  @StepUp({ apiKeys: true })
  @ApiOperation({
    summary: 'Create a user',
    description:
      'Without a password the user gets a mail with a link to choose one. API keys can assign no role other than `user`.',
    operationId: 'createUser',
  })
  @Answers(UserDto, {
    status: 201,
    errors: [
      UserErrors.WEAK_PASSWORD,
      UserErrors.EMAIL_TAKEN,
      users.notFound,
      'OVERLOADED',
      'MAIL_NOT_CONFIGURED',
    ],
  })
  async create(
    @CurrentCaller() caller: Caller,
    @PersonalScope() scope: Scope,
    @CurrentDevice() device: Device,
    @Body() dto: CreateUserDto,
    @CreateOnce() once: Once,
  ): Promise<UserDto> {
    const user = await once.run(
      (transaction) => this.service.createFor(caller, device, dto, transaction),
      (id) => this.service.get(scope, id),
    );
    return UserDto.from(user);
  }

  @Get()
  @Requires('users:read')
  @ApiOperation({ summary: 'List users', description: 'Newest first.', operationId: 'listUsers' })
  @AnswersPage(UserDto)
  async list(@PersonalScope() scope: Scope, @Query() query: ListUsersQuery): Promise<Page<UserDto>> {
    return mapPage(await this.service.list(scope, query), UserDto.from);
  }

  @Get(':id')
  @OwnerOr('users:read')
  @ApiOperation({ summary: 'Get a user', operationId: 'getUser' })
  @Answers(UserDto, { errors: [users.notFound] })
  async get(@PersonalScope() scope: Scope, @Param() { id }: IdParams): Promise<UserDto> {
    return UserDto.from(await this.service.get(scope, id));
  }

  @Patch(':id')
  @OwnerOr('users:write')
  @StepUp({ fields: ['role', 'disabled'] })
  @ApiOperation({
    summary: 'Change a user',
    description:
      'Changes what is sent: your own name, or with users:write any field of any user. Takes effect immediately.',
    operationId: 'updateUser',
  })
  @Answers(UserDto, { errors: ['FORBIDDEN', users.notFound, UserErrors.LAST_ADMIN] })
  async update(
    @PersonalScope() scope: Scope,
    @Param() { id }: IdParams,
    @IfMatch() ifMatch: Precondition,
    @Body() dto: UpdateUserDto,
  ): Promise<UserDto> {
    return UserDto.from(await this.service.update(scope, id, ifMatch, dto));
  }

  @Delete(':id')
  @Requires('users:write')
  @StepUp()
  @ApiOperation({
    summary: 'Delete a user',
    description: 'With everything that belongs to it.',
    operationId: 'deleteUser',
  })
  @AnswersMessage('User deleted', { errors: [users.notFound, UserErrors.LAST_ADMIN, LAST_OWNER] })
  async remove(
    @PersonalScope() scope: Scope,
    @Param() { id }: IdParams,
    @IfMatch() ifMatch: Precondition,
  ): Promise<void> {
    await this.service.remove(scope, id, ifMatch);
  }

  @Post(':id/delete')
  @SignedIn({ apiKeys: false })
  @StepUp({ unless: 'password' })
  @OptionalBody()
  @ApiOperation({
    summary: 'Delete yourself',
    description: 'With everything that belongs to you. Cannot be undone.',
    operationId: 'deleteSelf',
  })
  @AnswersMessage('User deleted', {
    errors: [users.notFound, UserErrors.INVALID_CREDENTIALS, UserErrors.LAST_ADMIN, LAST_OWNER, 'OVERLOADED'],
  })
  async removeSelf(
    @CurrentCaller() caller: Caller,
    @Param() { id }: IdParams,
    @Body() dto: DeleteSelfDto,
    @CurrentDevice() device: Device,
  ): Promise<void> {
    await this.service.removeSelf(caller, id, dto, device);
  }
}
