import type { Scope } from '../access/caller.js';
import type { Filter } from '../database/filter.js';
import type { StoredRecord } from '../database/record.js';
import { linksIn } from '../database/references.js';
import { after, PublishingRecords } from '../database/publishing-records.js';
import { afterwards, sessionOf, type Transaction, type Transactions } from '../database/transactions.js';
import type { Page, PageQuery } from '../validation/page-query.js';
import type { Precondition } from '../validation/precondition.js';
import type { Trash } from './trash.js';

/** Records of a resource with a trash: removed records are kept there, and can be restored, for 30 days. */
export class TrashRecords<T extends StoredRecord> extends PublishingRecords<T> {
  constructor(
    private readonly transactions: Transactions,
    private readonly trash: Trash<T>,
    ...parts: ConstructorParameters<typeof PublishingRecords<T>>
  ) {
    super(...parts);
  }

  /** With `trash` in the query, the records in the trash. */
  override page(
    scope: Scope,
    query: PageQuery & { readonly trash?: boolean },
    filter?: Filter,
    transaction?: Transaction,
  ): Promise<Page<T>> {
    return query.trash
      ? this.trash.page(scope, query, filter, transaction)
      : super.page(scope, query, filter, transaction);
  }

  /**
   * Restores a record from the trash, with its next version.
   * @throws ApiError …_NOT_FOUND, PRECONDITION_FAILED (412), …_TAKEN if another record has its unique value,
   *   VALIDATION_ERROR if a record that it refers to is gone
   */
  restore(scope: Scope, id: string, precondition: Precondition, transaction?: Transaction): Promise<T> {
    return this.transactions.join(transaction, async (joined) => {
      const taken = await this.trash.take(scope, id, precondition, joined);
      const links = linksIn(this.referenceFields, taken);
      return this.references.linking(links, joined, async () => {
        await this.references.require(scope, links, joined, this.ownership.ownerOf(taken));
        // Later than the deletion, whichever process that was, so that reports are in order.
        const next = { version: taken.version + 1, updatedAt: after(taken.trashedAt) };
        const stored = { ...this.trash.restored(taken), ...next };
        await this.store.collection.insertOne(stored, sessionOf(joined)).catch(this.refuseTaken);
        const restored = await this.get(scope, id, joined);
        if (this.hasListener) await this.publish(this.restored, scope.actor, [[restored, restored]], joined);
        afterwards(joined, () => this.events.note('record_restored', taken._id));
        return restored;
      });
    });
  }

  /**
   * Removes a record for good, whether or not it is in the trash.
   * @throws ApiError like `remove`
   */
  async purge(
    scope: Scope,
    id: string,
    precondition: Precondition,
    transaction?: Transaction,
  ): Promise<void> {
    await this.transactions.join(transaction, async (joined) => {
      if (!(await this.trash.has(scope, id, joined))) {
        return this.trash.discard(await this.remove(scope, id, precondition, joined), joined);
      }
      const purged = await this.trash.take(scope, id, precondition, joined);
      if (this.hasListener)
        await this.publish(this.resource.actions.deleted, scope.actor, [[purged, undefined]], joined);
      return afterwards(joined, () => {
        this.events.noteRead(scope, purged);
        this.events.note('record_deleted', purged._id);
      });
    });
  }

  private get restored(): string {
    return this.resource.actions.restored ?? `${this.resource.plural}.restored`;
  }

  protected override erase(
    scope: Scope,
    id: string,
    precondition: Precondition,
    transaction: Transaction | undefined,
  ): Promise<T> {
    return this.transactions.join(transaction, async (joined) => {
      const removed = await super.erase(scope, id, precondition, joined);
      await this.trash.put(removed, joined);
      return removed;
    });
  }
}
