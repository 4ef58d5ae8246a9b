import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { ApiOperation } from '@nestjs/swagger';
import { ApiSection } from '../../platform/docs/section.js';
import { Answers, AnswersMessage, AnswersPage } from '../../platform/http/answers.js';
import { mapPage, type Page, PageQuery } from '../../platform/validation/page-query.js';
import { IdParams } from '../../platform/validation/record-id.dto.js';
import { CreateOnce, type Once } from '../../platform/idempotency/once.js';
import { CurrentCaller, SignedIn } from '../../platform/access/access.js';
import type { Caller } from '../../platform/access/caller.js';
import { NoStore } from '../../platform/http/headers.js';
import { StepUp } from '../../platform/access/step-up.js';
import { UserErrors } from '../users/user.errors.js';
import { AddPasskeyDto, PasskeyDto, PasskeyOptionsDto } from './passkey.dto.js';
import { PasskeyErrors } from './passkey.errors.js';
import { passkeys } from './passkey.schema.js';
import { PasskeysService } from './passkeys.service.js';

@ApiSection('passkeys', 'Signing in with the fingerprint, face or PIN of a device.', 'account')
@Controller('api/v1/auth/passkeys')
export class PasskeysController {
  constructor(private readonly service: PasskeysService) {}

  @Post('options')
  @SignedIn({ apiKeys: false })
  @StepUp({ verified: true })
  @NoStore()
  @ApiOperation({
    summary: 'Begin to register a passkey',
    description: 'What the browser needs to make one, in `navigator.credentials.create`.',
    operationId: 'passkeyOptions',
  })
  @Answers(PasskeyOptionsDto, { errors: [PasskeyErrors.PASSKEYS_NOT_CONFIGURED] })
  async options(@CurrentCaller() { id }: Caller): Promise<PasskeyOptionsDto> {
    return { publicKey: await this.service.options(id) };
  }

  @Post()
  @SignedIn({ apiKeys: false })
  @StepUp({ verified: true })
  @NoStore()
  @ApiOperation({
    summary: 'Register a passkey',
    description: 'From then on it signs in as the caller. A user has at most 20.',
    operationId: 'addPasskey',
  })
  @Answers(PasskeyDto, {
    status: 201,
    errors: [
      PasskeyErrors.PASSKEY_REFUSED,
      PasskeyErrors.PASSKEY_LIMIT_REACHED,
      PasskeyErrors.PASSKEYS_NOT_CONFIGURED,
      ...passkeys.errors.create,
    ],
  })
  async add(
    @CurrentCaller() { id: owner }: Caller,
    @Body() dto: AddPasskeyDto,
    @CreateOnce() once: Once,
  ): Promise<PasskeyDto> {
    const passkey = await once.run(
      (transaction) => this.service.add(owner, dto, transaction),
      (id) => this.service.get(owner, id),
    );
    return PasskeyDto.from(passkey);
  }

  @Get()
  @SignedIn({ apiKeys: false })
  @NoStore()
  @ApiOperation({
    summary: 'List passkeys',
    description: 'Those of the caller, newest first.',
    operationId: 'listPasskeys',
  })
  @AnswersPage(PasskeyDto)
  async list(@CurrentCaller() { id }: Caller, @Query() query: PageQuery): Promise<Page<PasskeyDto>> {
    return mapPage(await this.service.list(id, query), PasskeyDto.from);
  }

  @Delete(':id')
  @SignedIn({ apiKeys: false })
  @StepUp()
  @NoStore()
  @ApiOperation({
    summary: 'Remove a passkey',
    description: 'It can no longer sign in. Sessions that it has started continue.',
    operationId: 'removePasskey',
  })
  @AnswersMessage('Passkey removed', { errors: [passkeys.notFound, UserErrors.LAST_WAY_IN] })
  async remove(@CurrentCaller() caller: Caller, @Param() { id }: IdParams): Promise<void> {
    await this.service.remove(caller.id, id);
  }
}
