import { Injectable } from '@nestjs/common';
import type { Model } from 'mongoose';
import { DeclarationError } from '../errors/start-error.js';
import { RecordCiphers } from '../encryption/record-cipher.js';
import { DomainEvents } from '../logging/events.js';
import type { Permission } from '../access/caller.js';
import { Cursors } from './cursor.js';
import type { StoredRecord } from './record.js';
import { Records } from './records.js';
import { References } from './references.js';
import type { Resource } from './resource.js';

/** Makes the records of resources, and knows which there are. `RecordsModule.for(…)` asks it. */
@Injectable()
export class Repositories {
  private readonly declared = new Map<string, Resource>();

  constructor(
    private readonly cursors: Cursors,
    private readonly references: References,
    private readonly events: DomainEvents,
    private readonly ciphers: RecordCiphers,
  ) {}

  of<T extends StoredRecord>(model: Model<T>, resource: Resource<T>): Records<T> {
    const { name } = resource;
    if ((this.declared.get(name) ?? resource) !== resource) {
      throw new DeclarationError(
        `resource '${name}' is declared twice: its error codes and events need a name of their own`,
      );
    }
    const records = new Records(model, resource, this.cursors, this.references, this.events, this.ciphers);
    this.declared.set(name, resource);
    return records;
  }

  /** Every permission there is. */
  get permissions(): ReadonlySet<Permission> {
    return new Set([...this.declared.values()].flatMap(({ may }) => Object.values(may)));
  }
}
