import type { RefusedRow } from './import.dto.js';

/** Maximum number of faults to report, so that they fit into the result of an execution. */
const MAX_FAULTS = 100;
const MAX_CHARACTERS = 10_000;

/** The faults of refused rows. */
export interface Refusals {
  readonly refused: readonly RefusedRow[];
  /** Faults beyond those. */
  readonly more: number;
}

/** The first faults of some rows, and how many more there are. */
export class RefusedRows implements Refusals {
  readonly refused: RefusedRow[] = [];
  more = 0;
  private characters = 0;

  add({ refused, more }: Refusals): void {
    for (const fault of refused) {
      this.characters += fault.path.length + fault.message.length;
      const isReported = this.refused.length < MAX_FAULTS && this.characters <= MAX_CHARACTERS;
      if (isReported) this.refused.push(fault);
      else this.more++;
    }
    this.more += more;
  }
}
