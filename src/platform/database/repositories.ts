import { Injectable, Optional } from '@nestjs/common';
import type { Model } from 'mongoose';
import { DeclarationError } from '../errors/start-error.js';
import { DomainEvents } from '../logging/events.js';
import type { Permission } from '../access/caller.js';
import { Cursors } from './cursor.js';
import { FieldEncryption } from './field-encryption.js';
import type { StoredRecord } from './record.js';
import { Records } from './records.js';
import { References } from './references.js';
import type { Resource } from './resource.js';
import { consumersOf } from './subscribed.js';
import { PublishingRecords } from './publishing-records.js';
import { ChangeEvents } from './change-events.js';

/** The records of a resource and their model. */
export interface MadeRecords {
  readonly collection: string;
  readonly records: Records<StoredRecord>;
}

/** Creates the records of resources with a trash. TrashModule provides it. */
export abstract class TrashRepositories {
  abstract of<T extends StoredRecord>(
    ...parts: ConstructorParameters<typeof PublishingRecords<T>>
  ): Records<T>;
}

/** Creates the records of resources, and lists all resources. Used by `RecordsModule.for(…)`. */
@Injectable()
export class Repositories {
  private readonly declared = new Map<string, Resource>();
  private readonly made = new Map<Resource, Records<StoredRecord>>();
  private readonly others: Permission[] = [];
  readonly all: MadeRecords[] = [];

  constructor(
    private readonly cursors: Cursors,
    private readonly references: References,
    private readonly events: DomainEvents,
    private readonly changeEvents: ChangeEvents,
    @Optional() private readonly encryption?: FieldEncryption,
    @Optional() private readonly trash?: TrashRepositories,
  ) {}

  of<T extends StoredRecord>(model: Model<T>, resource: Resource<T>): Records<T> {
    const { name } = resource;
    if ((this.declared.get(name) ?? resource) !== resource) {
      throw new DeclarationError(
        `resource '${name}' is declared twice: its error codes and events need a name of their own`,
      );
    }
    // Further modules that import them get the same ones.
    const made = this.made.get(resource as Resource);
    if (made) return made as unknown as Records<T>;
    const cipher = this.encryption?.of(model.collection.name, model.schema);
    const records = this.madeOf(model, resource, this.cursors, this.references, this.events, cipher);
    this.declared.set(name, resource);
    const stored = records as unknown as Records<StoredRecord>;
    this.made.set(resource as Resource, stored);
    this.all.push({ collection: model.collection.name, records: stored });
    return records;
  }

  /** The records of a declared resource. */
  recordsOf(resource: Resource): Records<StoredRecord> {
    const records = this.made.get(resource);
    if (!records) throw new Error(`resource '${resource.name}' has no records: import RecordsModule.for(…)`);
    return records;
  }

  private madeOf<T extends StoredRecord>(...parts: ConstructorParameters<typeof Records<T>>): Records<T> {
    const [, resource] = parts;
    const { can } = resource;
    // Without TrashModule, `resource()` has already stopped startup.
    if (can.has('trash') && this.trash) return this.trash.of(this.changeEvents, ...parts);
    return consumersOf(resource).size > 0
      ? new PublishingRecords(this.changeEvents, ...parts)
      : new Records(...parts);
  }

  /** All declared resources. */
  get resources(): readonly Resource[] {
    return [...this.declared.values()];
  }

  /** Adds permissions that do not belong to a resource. */
  permit(...permissions: readonly Permission[]): void {
    this.others.push(...permissions);
  }

  /** All permissions. */
  get permissions(): ReadonlySet<Permission> {
    return new Set([...[...this.declared.values()].flatMap(({ may }) => Object.values(may)), ...this.others]);
  }
}
