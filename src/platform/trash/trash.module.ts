import { Global, Injectable, Module, Optional } from '@nestjs/common';
import { FieldEncryption } from '../database/field-encryption.js';
import type { Records } from '../database/records.js';
import type { StoredRecord } from '../database/record.js';
import { TrashRepositories } from '../database/repositories.js';
import type { PublishingRecords } from '../database/publishing-records.js';
import { Transactions } from '../database/transactions.js';
import { Trash } from './trash.js';
import { TrashRecords } from './trash-records.js';

@Injectable()
class Trashes implements TrashRepositories {
  constructor(
    private readonly transactions: Transactions,
    @Optional() private readonly encryption?: FieldEncryption,
  ) {}

  of<T extends StoredRecord>(...parts: ConstructorParameters<typeof PublishingRecords<T>>): Records<T> {
    const [, model, resource, cursors, , events, cipher] = parts;
    const trash = new Trash(model, resource, cursors, events, cipher, this.encryption);
    return new TrashRecords(this.transactions, trash, ...parts);
  }
}

/** Deleted records that can be restored: `trash: true` in a resource. */
@Global()
@Module({
  providers: [{ provide: TrashRepositories, useClass: Trashes }],
  exports: [TrashRepositories],
})
export class TrashModule {}
