import { Body, Controller, HttpCode, Param, Post, type Type } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { ApiOperation } from '@nestjs/swagger';
import { CurrentCaller, CurrentScope, OwnerOr, SignedIn } from '../../platform/access/access.js';
import type { Caller, Scope } from '../../platform/access/caller.js';
import { ORGANIZATION_NOT_FOUND } from '../../platform/access/memberships.js';
import { forEachTransferable, type TransferableFeature } from '../../platform/database/transferable.js';
import { aOrAn } from '../../platform/errors/errors.js';
import { DeclarationError } from '../../platform/errors/start-error.js';
import { Answers } from '../../platform/http/answers.js';
import { IfMatch } from '../../platform/http/entity-tag.js';
import type { Precondition } from '../../platform/validation/precondition.js';
import { IdParams } from '../../platform/validation/record-id.dto.js';
import { TransferDto } from './transfer.dto.js';
import { TransfersService } from './transfers.service.js';

/** A feature's route for transferring records to another owner. */
function routeOf({ controller, resource, answer }: TransferableFeature): Type {
  const { name, record, may, errors } = resource;
  const path = Reflect.getMetadata(PATH_METADATA, controller) as string | undefined;
  if (path === undefined) {
    throw new DeclarationError(`${controller.name}: write @Transferable above its other decorators`);
  }

  @Controller(path)
  class TransferController {
    constructor(private readonly service: TransfersService) {}

    @Post(':id/transfer')
    @HttpCode(200)
    @(may['write'] ? OwnerOr(may['write']) : SignedIn())
    @ApiOperation({
      summary: `Transfer ${aOrAn(name)}`,
      description:
        'Moves it to an organization, or out of one. The caller must be allowed to write on both sides; the new owner must be able to read what it refers to, and no other record may refer to it.',
      operationId: `transfer${record.name}`,
    })
    @Answers(answer, { errors: [...errors.update, ...errors.remove, ORGANIZATION_NOT_FOUND, 'FORBIDDEN'] })
    async transfer(
      @CurrentCaller() caller: Caller,
      @CurrentScope() scope: Scope,
      @Param() { id }: IdParams,
      @IfMatch() ifMatch: Precondition,
      @Body() { organizationId: organization }: TransferDto,
    ): Promise<object> {
      const moved = await this.service.transfer(resource, caller, scope, { id, ifMatch, organization });
      return answer.from(moved);
    }
  }
  // In the same section of the documentation.
  for (const key of Reflect.getMetadataKeys(controller) as string[]) {
    if (!key.startsWith('swagger/')) continue;
    Reflect.defineMetadata(key, Reflect.getMetadata(key, controller), TransferController);
  }
  Object.defineProperty(TransferController, 'name', { value: `${record.name}TransferController` });
  return TransferController;
}

/** The routes of all features. Filled while their files are loaded; Nest reads the list afterwards. */
export const TRANSFER_ROUTES: Type[] = [];

forEachTransferable((feature) => TRANSFER_ROUTES.push(routeOf(feature)));
