import type { NetConnectOpts } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Env, type Fault, type Kind } from '../../platform/config/env.js';
import { bytes, issuedKey, kind, line, oneOf, url } from '../../platform/config/kinds.js';

const OFFICE = 'application/vnd.openxmlformats-officedocument';
const OPEN = 'application/vnd.oasis.opendocument';

/** What people attach: pictures, documents, tables, archives. Browsers run none of them. */
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

/** Where contents are stored: in a folder of this machine, or in a bucket. */
export type Place = { readonly folder: string } | { readonly bucket: string; readonly prefix: string };

function folderOf(text: string): Place | undefined {
  if (!/^file:\/\/\/[^?#]+$/.test(text) || !URL.canParse(text)) return undefined;
  try {
    return { folder: fileURLToPath(text) };
  } catch {
    return undefined;
  }
}

function bucketOf(text: string): Place | undefined {
  const [, bucket, prefix = ''] =
    /^s3:\/\/([a-z\d][a-z\d.-]{1,61}[a-z\d])(?:\/([\w.-]+(?:\/[\w.-]+)*)?)?$/.exec(text) ?? [];
  // `..` would lead out of the bucket.
  if (bucket === undefined || prefix.split('/').some((part) => /^\.+$/.test(part))) return undefined;
  return { bucket, prefix: prefix && `${prefix}/` };
}

function place(): Kind<Place> {
  return kind(
    'the address of a folder or a bucket, such as file:///var/lib/product/files or s3://bucket/prefix',
    (text) => folderOf(text) ?? bucketOf(text),
  );
}

/** A clamd, reached by TCP or a Unix socket. */
function scanner(): Kind<NetConnectOpts> {
  return kind(
    'the address of a clamd, such as tcp://127.0.0.1:3310 or unix:///run/clamav/clamd.ctl',
    (text) => {
      const [, path] = /^unix:\/\/(\/[^?#\s]+)$/.exec(text) ?? [];
      if (path !== undefined) return { path };
      const [, host = '', port] = /^tcp:\/\/(\[[\da-f:]+\]|[a-z\d.-]+):(\d{1,5})$/i.exec(text) ?? [];
      const isPort = Number(port) > 0 && Number(port) < 65_536;
      return isPort ? { host: host.replaceAll(/^\[|\]$/g, ''), port: Number(port) } : undefined;
    },
  );
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
  /** Where uploaded files are: `file:///folder` or `s3://bucket/prefix`. Unset: `files` in DATA_DIR. All processes must reach the same place. */
  @Env('FILES_URL', place())
  readonly place?: Place;

  /** Where the bucket is reached, unless it is Amazon's. */
  @Env('FILES_S3_ENDPOINT', url('https', 'http'), { requires: 'FILES_URL' })
  readonly endpoint?: string;

  /** Region of the bucket. */
  @Env('FILES_S3_REGION', line(), { default: 'us-east-1', requires: 'FILES_URL' })
  readonly region!: string;

  /** Key of the bucket: it needs to put, get and delete objects. */
  @Env('FILES_S3_ACCESS_KEY_ID', issuedKey(), { requires: 'FILES_S3_SECRET_ACCESS_KEY' })
  readonly accessKeyId?: string;

  /** Its secret. */
  @Env('FILES_S3_SECRET_ACCESS_KEY', issuedKey(), { requires: 'FILES_S3_ACCESS_KEY_ID' })
  readonly secretAccessKey?: string;

  /** Whether the bucket is the beginning of the path (`true`) and not of the host, as MinIO and others want it. */
  @Env('FILES_S3_PATH_STYLE', oneOf('true', 'false'), { default: 'false', requires: 'FILES_URL' })
  readonly pathStyle!: 'true' | 'false';

  /** Largest file that is accepted. */
  @Env('FILES_MAX_BYTES', bytes(1024, 1024 * GIB), { default: 25 * 1024 * 1024 })
  readonly maxBytes!: number;

  /** Most bytes of all files of one owner. */
  @Env('FILES_QUOTA_BYTES', bytes(1024, 1024 * 1024 * GIB), { default: GIB })
  readonly quotaBytes!: number;

  /** Types of files that are accepted, told by their first bytes. Plain text and CSV are what has no other type. */
  @Env('FILES_TYPES', types(), { default: COMMON_TYPES })
  readonly types!: readonly string[];

  /** The clamd that scans uploads for viruses before anybody can read them. Unset: uploads are not scanned. */
  @Env('FILES_SCANNER_URL', scanner())
  readonly scanner?: NetConnectOpts;

  static faultsOf({ place: told, accessKeyId, maxBytes }: FilesConfig): readonly Fault[] {
    if (!told || !('bucket' in told)) return [];
    return [
      ...(accessKeyId
        ? []
        : [{ variable: 'FILES_S3_ACCESS_KEY_ID', problem: 'is required by a bucket in FILES_URL' }]),
      ...(maxBytes > 5 * GIB
        ? [{ variable: 'FILES_MAX_BYTES', problem: 'must be at most 5 GiB with a bucket in FILES_URL' }]
        : []),
    ];
  }
}
