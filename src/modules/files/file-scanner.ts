import type { Readable } from 'node:stream';

/** Scans files for viruses before anybody can read them. Implement it to use another scanner. */
export abstract class FileScanner {
  /**
   * Resolves if a content may be kept.
   * @param read opens the content
   * @throws ApiError FILE_INFECTED, SCANNER_UNAVAILABLE
   */
  abstract judge(read: () => Promise<Readable>): Promise<void>;
}

/** Used when no scanner is configured. */
export class NoScanner extends FileScanner {
  judge(): Promise<void> {
    return Promise.resolve();
  }
}
