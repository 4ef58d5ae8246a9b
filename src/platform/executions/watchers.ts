import { Injectable } from '@nestjs/common';

/** Tells who looks at an execution in this process that it has changed. */
@Injectable()
export class Watchers {
  private readonly listeners = new Map<string, Set<() => void>>();

  changed(id: string): void {
    for (const hear of this.listeners.get(id) ?? []) hear();
  }

  /** Resolves when the execution changes here, or after so long: another process may have changed it. */
  next(id: string, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const listeners = this.listeners.get(id) ?? new Set();
      this.listeners.set(id, listeners);
      const hear = (): void => {
        clearTimeout(timer);
        listeners.delete(hear);
        if (listeners.size === 0) this.listeners.delete(id);
        resolve();
      };
      const timer = setTimeout(hear, ms);
      listeners.add(hear);
    });
  }
}
