import type { mongo } from 'mongoose';
import type { StoredExecution } from '../model/execution.js';

/** Changes of an execution to be written. */
export interface Pending {
  readonly set: mongo.Document;
  readonly unset: readonly string[];
}

/**
 * A new execution that already runs while it is being stored. Its effects wait until it is accepted; what is known of it
 * when it is sent to the database is stored with it: the mark of its first step, or even its end.
 */
export class Draft {
  /** Whether the database may have it already. */
  isSent = false;
  /** What `accepted` has come to; false until then. */
  isAccepted = false;
  /** The execution as it was stored. */
  readonly stored: Promise<StoredExecution>;
  readonly isStored: Promise<boolean>;
  /** Whether it was stored and the process still holds it. */
  readonly accepted: Promise<boolean>;
  private pending: (isHeld: boolean) => Pending = () => ({ set: {}, unset: [] });

  /** @param insert stores what `send` returns, which it calls when it is its turn */
  constructor(
    private readonly execution: StoredExecution,
    insert: (send: () => StoredExecution) => Promise<void>,
    isHeld: () => boolean,
  ) {
    let sent = execution;
    const inserted = insert(() => {
      this.isSent = true;
      sent = this.withPending(isHeld());
      return sent;
    });
    this.stored = inserted.then(() => sent);
    this.isStored = inserted.then(
      () => true,
      () => false,
    );
    this.accepted = this.isStored.then((isStored) => (this.isAccepted = isStored && isHeld()));
  }

  /** Sets what is asked for the changes since the start when it is sent, with whether the process holds its lease. */
  onSend(pending: (isHeld: boolean) => Pending): void {
    this.pending = pending;
  }

  private withPending(isHeld: boolean): StoredExecution {
    const { set, unset } = this.pending(isHeld);
    const document: mongo.Document = { ...this.execution, steps: {} };
    for (const [path, value] of Object.entries(set)) {
      const [field = '', name] = path.split('.');
      if (name === undefined) document[field] = value;
      else document[field][name] = value;
    }
    for (const field of unset) delete document[field];
    return document as StoredExecution;
  }
}
