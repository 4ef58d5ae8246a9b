import type { Type } from '@nestjs/common';
import { DeclarationError } from '../errors/start-error.js';
import type { StoredRecord } from './record.js';
import type { Resource } from './resource.js';

/** A feature whose records can be transferred to another owner. */
export interface TransferableFeature {
  /** The controller whose path the route is below. */
  readonly controller: Type;
  readonly resource: Resource;
  /** The DTO class of a record. */
  readonly answer: Type & { from(record: StoredRecord): object };
}

type Listener = (feature: TransferableFeature) => void;

const features: TransferableFeature[] = [];
const listeners: Listener[] = [];

/**
 * Lets the records of a feature be transferred to another owner, `POST …/:id/transfer`, if organizations are part of
 * the product. The topmost decorator of the feature's controller: `@Transferable(projects, ProjectDto)`.
 */
export function Transferable<T extends StoredRecord>(
  resource: Resource<T>,
  answer: Type & { from(record: T): object },
): ClassDecorator {
  return (controller) => {
    const { name, shared, ownerField } = resource;
    if (shared || ownerField !== 'ownerId') {
      throw new DeclarationError(
        `resource '${name}' belongs to no owner who could give it away: remove @Transferable`,
      );
    }
    const feature = { controller, resource, answer } as unknown as TransferableFeature;
    features.push(feature);
    for (const listener of listeners) listener(feature);
  };
}

/** Calls a listener for each such feature, including those declared later. */
export function forEachTransferable(listener: Listener): void {
  features.forEach((feature) => listener(feature));
  listeners.push(listener);
}
