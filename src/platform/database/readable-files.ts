import type { Readable } from 'node:stream';
import type { Scope } from '../access/caller.js';

/** A file that a user has uploaded. */
export interface ReadableFile {
  readonly name: string;
  /** `text/csv` */
  readonly type: string;
  readonly size: number;
  read(): Promise<Readable>;
}

/** Reads what users have uploaded. The feature that keeps it provides this. */
export abstract class ReadableFiles {
  /** Undefined where there is none that the scope's user may read. */
  abstract find(scope: Scope, id: string): Promise<ReadableFile | undefined>;
}
