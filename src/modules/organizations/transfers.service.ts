import { Injectable } from '@nestjs/common';
import { actorOf, type Caller, type Owner, type Scope } from '../../platform/access/caller.js';
import { Memberships, ORGANIZATION_NOT_FOUND } from '../../platform/access/memberships.js';
import type { StoredRecord } from '../../platform/database/record.js';
import { type Resource, transferredOf } from '../../platform/database/resource.js';
import { ChangeEvents } from '../../platform/database/change-events.js';
import { forEachTransferable } from '../../platform/database/transferable.js';
import { Transfers } from '../../platform/database/transfers.js';
import { apiError } from '../../platform/errors/errors.js';
import { DomainEvents } from '../../platform/logging/events.js';
import type { Precondition } from '../../platform/validation/precondition.js';
import { OrganizationEvents } from './organization.events.js';

/** Transfers records to organizations and back, for callers who may write on both sides. */
@Injectable()
export class TransfersService {
  constructor(
    private readonly memberships: Memberships,
    private readonly transfers: Transfers,
    private readonly events: DomainEvents,
    changeEvents: ChangeEvents,
  ) {
    forEachTransferable(({ resource }) => {
      if (resource.consumers.size > 0) changeEvents.offer([transferredOf(resource)], resource.consumers);
    });
  }

  /**
   * @param organization the new owner; null for the caller
   * @throws ApiError ORGANIZATION_NOT_FOUND, FORBIDDEN, and as `Transfers.transfer`
   */
  async transfer(
    resource: Resource,
    caller: Caller,
    scope: Scope,
    record: { readonly id: string; readonly ifMatch: Precondition; readonly organization: string | null },
  ): Promise<StoredRecord> {
    const { id, ifMatch } = record;
    const to = await this.scopeAt(record.organization?.toLowerCase() ?? null, caller);
    const moved = await this.transfers.transfer(resource, scope, id, ifMatch, to);
    const { id: userId } = caller;
    const event = {
      resource: resource.name,
      recordId: moved._id.toHexString(),
      ownerId: to.owner.id,
      userId,
    };
    this.events.record(OrganizationEvents.record_transferred, event);
    return moved;
  }

  private async scopeAt(id: string | null, caller: Caller): Promise<Scope & { readonly owner: Owner }> {
    const actor = actorOf(caller);
    const { apiKey, organization, permissions } = caller;
    if (id === null) {
      // An organization's API key works only in that organization.
      if (organization !== undefined) throw apiError('FORBIDDEN');
      return { actor, permissions, owner: { kind: 'user', id: caller.id } };
    }
    if (apiKey !== undefined && id !== organization) throw apiError(ORGANIZATION_NOT_FOUND);
    await this.memberships.require(id, caller.id, 'member');
    return { actor, owner: { kind: 'organization', id } };
  }
}
