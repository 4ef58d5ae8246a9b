import { IsMongoId } from 'class-validator';
import { OwnerRemovals } from '../database/owner-removals.js';
import { Executor } from './model/executor.js';
import type { Run } from './model/run.js';

export class RemoveOwnerDto {
  @IsMongoId()
  ownerId!: string;
}

/** Completes a deletion whose process was killed, and removes what was written in the meantime. */
@Executor({ type: 'owners.remove', input: RemoveOwnerDto, attempts: 100, timeout: '10m', cancellable: false })
export class RemoveOwner {
  constructor(private readonly removals: OwnerRemovals) {}

  async execute({ ownerId }: RemoveOwnerDto, run: Run): Promise<void> {
    await run.step('rest', () => this.removals.complete(ownerId));
  }
}
