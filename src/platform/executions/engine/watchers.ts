import { Injectable } from '@nestjs/common';

/** Notifies followers in this process that an execution has changed. */
@Injectable()
export class Watchers {
  private readonly listeners = new Map<string, Set<() => void>>();

  changed(id: string): void {
    for (const listener of this.listeners.get(id) ?? []) listener();
  }

  /** Resolves when the execution changes here or after a time, since another process may have changed it. */
  next(id: string, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const listeners = this.listeners.get(id) ?? new Set();
      this.listeners.set(id, listeners);
      const listener = (): void => {
        clearTimeout(timer);
        listeners.delete(listener);
        if (listeners.size === 0) this.listeners.delete(id);
        resolve();
      };
      const timer = setTimeout(listener, ms);
      listeners.add(listener);
    });
  }
}
