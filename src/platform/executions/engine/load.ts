import type { StoredExecution } from '../model/execution.js';

/** A promised execution that does not begin within this time, in milliseconds, never will: its transaction failed. */
const PATIENCE_MS = 5_000;

/** Counts the executions of each owner that run here or are about to. */
export class Load {
  private readonly owners = new Map<string, number>();
  /** When each was promised, oldest first. */
  private readonly promised = new Map<string, { readonly owner: string; readonly at: number }>();
  private running = 0;

  get size(): number {
    return this.running + this.promised.size;
  }

  of({ ownerId }: StoredExecution): number {
    return this.owners.get(String(ownerId)) ?? 0;
  }

  promise({ _id, ownerId }: StoredExecution): void {
    const now = performance.now();
    for (const [id, { owner, at }] of this.promised) {
      if (now - at < PATIENCE_MS) break;
      this.promised.delete(id);
      this.count(owner, -1);
    }
    const owner = String(ownerId);
    this.promised.set(_id.toHexString(), { owner, at: now });
    this.count(owner, 1);
  }

  begin({ _id, ownerId }: StoredExecution): void {
    this.running++;
    if (!this.promised.delete(_id.toHexString())) this.count(String(ownerId), 1);
  }

  end({ ownerId }: StoredExecution): void {
    this.running--;
    this.count(String(ownerId), -1);
  }

  private count(owner: string, change: number): void {
    const count = (this.owners.get(owner) ?? 0) + change;
    if (count > 0) this.owners.set(owner, count);
    else this.owners.delete(owner);
  }
}
