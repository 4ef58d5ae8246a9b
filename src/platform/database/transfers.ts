import { Injectable } from '@nestjs/common';
import type { Owner, Scope } from '../access/caller.js';
import type { Precondition } from '../validation/precondition.js';
import type { OwnedRecord, StoredRecord } from './record.js';
import { type Link, linksIn, References } from './references.js';
import { Repositories } from './repositories.js';
import type { Resource } from './resource.js';
import { type Transaction, Transactions } from './transactions.js';

/** A record that is being transferred to another owner. */
export interface Transfer {
  readonly resource: Resource;
  /** The record before the transfer. */
  readonly before: StoredRecord;
  readonly from: string;
  /** The attached records that are transferred with it. */
  readonly attached: readonly Link[];
  /** The actor, and the new owner. */
  readonly to: Scope & { readonly owner: Owner };
}

/** A feature's part in a transfer. */
type Part = (transfer: Transfer, transaction: Transaction) => Promise<void>;

/** Transfers records to other owners, with everything that has to follow them. */
@Injectable()
export class Transfers {
  private readonly parts: Part[] = [];

  constructor(
    private readonly repositories: Repositories,
    private readonly references: References,
    private readonly transactions: Transactions,
  ) {}

  /** Runs work in the transaction of each transfer, such as checking a limit. An error prevents the transfer. */
  during(part: Part): void {
    this.parts.push(part);
  }

  /**
   * Transfers a record to another owner, whose rules apply as to a new record.
   * @throws ApiError …_NOT_FOUND, PRECONDITION_FAILED, …_TAKEN, IN_USE if other records refer to it,
   *   VALIDATION_ERROR if it refers to records that the new owner may not read
   */
  transfer(
    resource: Resource,
    scope: Scope,
    id: string,
    precondition: Precondition,
    to: Transfer['to'],
  ): Promise<StoredRecord> {
    const records = this.repositories.recordsOf(resource);
    return this.transactions.run(async (transaction) => {
      await records.require(scope, id, precondition, transaction);
      const before = await records.get(scope, id, transaction);
      const from = String((before as OwnedRecord).ownerId);
      if (from === to.owner.id) return before;
      const held = { target: resource.record.name, id: before._id };
      const all = linksIn(records.referenceFields, before);
      const attached = all.filter(({ target }) => this.references.isAttached(target));
      const links = all.filter((link) => !attached.includes(link));
      const record = await this.references.moving(held, all, transaction, async (joined) => {
        await this.references.require(to, links, joined);
        await this.references.requireUnused(held, joined);
        return records.give(scope, id, precondition, to.owner, joined);
      });
      for (const part of this.parts) {
        await part({ resource, before, from, attached, to }, transaction);
      }
      return record;
    });
  }
}
