import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Env, type Kind } from '../../platform/config/env.js';
import { bytes, kind } from '../../platform/config/kinds.js';

const OFFICE = 'application/vnd.openxmlformats-officedocument';
const OPEN = 'application/vnd.oasis.opendocument';

/** What people attach: pictures, documents, tables, archives. None of them runs in a browser. */
const COMMON_TYPES: readonly string[] = [
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/avif',
  'application/pdf',
  'text/plain',
  'text/csv',
  'application/zip',
  `${OFFICE}.wordprocessingml.document`,
  `${OFFICE}.spreadsheetml.sheet`,
  `${OFFICE}.presentationml.presentation`,
  `${OPEN}.text`,
  `${OPEN}.spreadsheet`,
  `${OPEN}.presentation`,
];

const GIB = 1024 ** 3;

/** A folder of this machine. */
function folder(): Kind<string> {
  return kind('the address of a folder, such as file:///var/lib/product/files', (text) => {
    if (!/^file:\/\/\/[^?#]+$/.test(text) || !URL.canParse(text)) return undefined;
    try {
      return fileURLToPath(text);
    } catch {
      return undefined;
    }
  });
}

function types(): Kind<readonly string[]> {
  const form = /^[a-z]+\/[a-z\d][a-z\d.+-]*$/;
  return kind('media types separated by commas, such as image/png,application/pdf', (text) => {
    const list = text.split(',').map((each) => each.trim());
    return list.every((each) => form.test(each)) ? list : undefined;
  });
}

/** Where uploads are kept, and how much of them. */
export class FilesConfig {
  /** Folder of the uploaded files. Unset: `files` in DATA_DIR. All processes must reach the same one. */
  @Env('FILES_URL', folder())
  readonly folder?: string;

  /** Largest file that is accepted. */
  @Env('FILES_MAX_BYTES', bytes(1024, 1024 * GIB), { default: 25 * 1024 * 1024 })
  readonly maxBytes!: number;

  /** Most bytes of all files of one owner. */
  @Env('FILES_QUOTA_BYTES', bytes(1024, 1024 * 1024 * GIB), { default: GIB })
  readonly quotaBytes!: number;

  /** Types of files that are accepted, told by their first bytes. Plain text and CSV are what has no other type. */
  @Env('FILES_TYPES', types(), { default: COMMON_TYPES })
  readonly types!: readonly string[];

  folderIn(dataDir: string): string {
    return this.folder ?? join(dataDir, 'files');
  }
}
