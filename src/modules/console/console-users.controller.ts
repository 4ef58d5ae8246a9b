import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { OwnerOr, PersonalScope, Requires } from '../../platform/access/access.js';
import type { Scope } from '../../platform/access/caller.js';
import { Answers, AnswersPage } from '../../platform/http/answers.js';
import { IdParams } from '../../platform/validation/record-id.dto.js';
import type { Page } from '../../platform/validation/page-query.js';
import { ConsoleUserDto, ConsoleUsersQuery } from './console-users.dto.js';
import { ConsoleUsers } from './console-users.js';

/** Users, with what the API does not tell of them. For the product's own pages, so no part of the documented API. */
@ApiExcludeController()
@Controller('console/system/users')
export class ConsoleUsersController {
  constructor(private readonly users: ConsoleUsers) {}

  @Get()
  @Requires('users:read')
  @AnswersPage(ConsoleUserDto)
  list(@PersonalScope() scope: Scope, @Query() query: ConsoleUsersQuery): Promise<Page<ConsoleUserDto>> {
    return this.users.list(scope, query);
  }

  @Get(':id')
  @OwnerOr('users:read')
  @Answers(ConsoleUserDto)
  get(@PersonalScope() scope: Scope, @Param() { id }: IdParams): Promise<ConsoleUserDto> {
    return this.users.get(scope, id);
  }
}
