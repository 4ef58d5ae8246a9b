import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { type IncomingMessage, request as sendPlain } from 'node:http';
import { request as sendSecure } from 'node:https';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AwsV4Signer } from 'aws4fetch';
import { refuse } from './disk-store.js';
import {
  type Announced,
  type ByteRange,
  FileStore,
  FileStoreError,
  type UploadAddress,
} from './file-store.js';

/** A bucket that says nothing for so long does not answer. */
const SILENT_MS = 20_000;

export interface Bucket {
  readonly bucket: string;
  /** What keys begin with: `uploads/`. */
  readonly prefix: string;
  /** Amazon's own unless told. */
  readonly endpoint?: string | undefined;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly isPathStyle: boolean;
}

interface Sent {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readable;
}

/** What was written to a file that has no name any more. */
interface Spooled {
  readonly size: number;
  readonly sha256: string;
}

/**
 * Keeps each content as an object of a bucket. It is there as a whole or not at all: a bucket wants to know size and
 * digest first, so a content is written to the disk before it is sent.
 */
export class S3Store extends FileStore {
  private readonly address: string;

  constructor(
    private readonly bucket: Bucket,
    private readonly spoolFolder: string,
  ) {
    super();
    const {
      endpoint = `https://s3.${bucket.region}.amazonaws.com`,
      isPathStyle,
      prefix,
      bucket: name,
    } = bucket;
    const { protocol, host, pathname } = new URL(endpoint);
    const base = pathname.replace(/\/$/, '');
    this.address = isPathStyle
      ? `${protocol}//${host}${base}/${name}/${prefix}`
      : `${protocol}//${name}.${host}${base}/${prefix}`;
  }

  async write(key: string, chunks: AsyncIterable<Buffer>): Promise<void> {
    const file = await this.spool();
    try {
      const { size, sha256 } = await fill(file, chunks);
      const headers = { 'content-length': String(size), 'x-amz-content-sha256': sha256 };
      const body = file.createReadStream({ start: 0 });
      (await this.send(key, { method: 'PUT', headers, body })).resume();
    } finally {
      // What has sent it has closed it.
      await file.close().catch(() => undefined);
    }
  }

  /** The size is part of the signature: nothing else can be sent there. */
  override async addressFor(key: string, { type, size }: Announced, seconds: number): Promise<UploadAddress> {
    const url = new URL(`${this.address}${key}`);
    url.searchParams.set('X-Amz-Expires', String(seconds));
    const headers = { 'content-type': type };
    const signer = new AwsV4Signer({
      ...this.credentials,
      method: 'PUT',
      url: url.href,
      headers: { ...headers, 'content-length': String(size) },
      allHeaders: true,
      signQuery: true,
    });
    return { url: (await signer.sign()).url.href, method: 'PUT', headers };
  }

  async read(key: string, range?: ByteRange): Promise<Readable> {
    const headers = range && { range: `bytes=${range.start}-${range.end}` };
    return this.send(key, { method: 'GET', ...(headers && { headers }) });
  }

  async remove(key: string): Promise<void> {
    try {
      (await this.send(key, { method: 'DELETE' })).resume();
    } catch (error) {
      if (!(error instanceof FileStoreError && error.fault === 'missing')) throw error;
    }
  }

  private get credentials() {
    const { accessKeyId, secretAccessKey, region } = this.bucket;
    return { accessKeyId, secretAccessKey, region, service: 's3' };
  }

  /** A file without a name: whatever becomes of the process, the system removes it. */
  private async spool(): Promise<FileHandle> {
    await mkdir(this.spoolFolder, { recursive: true, mode: 0o700 }).catch(refuse);
    const path = join(this.spoolFolder, randomUUID());
    const file = await open(path, 'wx+', 0o600).catch(refuse);
    await rm(path).catch(refuse);
    return file;
  }

  /** @throws FileStoreError for every answer but a success */
  private async send(key: string, { method, headers = {}, body }: Sent): Promise<IncomingMessage> {
    const url = `${this.address}${key}`;
    const signer = new AwsV4Signer({ ...this.credentials, method, url, headers });
    const signed = await signer.sign();
    const send = signed.url.protocol === 'http:' ? sendPlain : sendSecure;
    try {
      const answer = await new Promise<IncomingMessage>((resolve, reject) => {
        const request = send(signed.url, {
          method,
          headers: { ...Object.fromEntries(signed.headers), ...headers },
          timeout: SILENT_MS,
        });
        request.on('response', resolve).on('error', reject);
        request.on('timeout', () =>
          request.destroy(Object.assign(new Error('No answer'), { code: 'ETIMEDOUT' })),
        );
        if (body) pipeline(body, request).catch(reject);
        else request.end();
      });
      return accepted(answer);
    } catch (error) {
      if (error instanceof FileStoreError) throw error;
      const { code = 'UNKNOWN' } = error as NodeJS.ErrnoException;
      throw new FileStoreError('unavailable', code, { cause: error });
    }
  }
}

/** @throws FileStoreError for an answer that is no success */
function accepted(answer: IncomingMessage): IncomingMessage {
  const { statusCode = 500 } = answer;
  if (statusCode < 300) return answer;
  answer.resume();
  const fault = statusCode === 404 ? 'missing' : statusCode === 507 ? 'full' : 'unavailable';
  throw new FileStoreError(fault, `HTTP_${statusCode}`);
}

async function fill(file: FileHandle, chunks: AsyncIterable<Buffer>): Promise<Spooled> {
  const digest = createHash('sha256');
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    digest.update(chunk);
    await file.appendFile(chunk).catch(refuse);
  }
  return { size, sha256: digest.digest('hex') };
}
