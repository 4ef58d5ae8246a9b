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
  SIZE_DIFFERS,
  type UploadAddress,
} from './file-store.js';

/** A bucket that sends nothing for this long counts as unavailable, in milliseconds. */
const SILENT_MS = 20_000;
/** How much of a file is read at once. */
const PART_BYTES = 64 * 1024;
/** An error is within the first characters of a response. */
const MOST_OF_ERROR = 4 * 1024;

export interface Bucket {
  readonly bucket: string;
  /** The prefix of keys: `uploads/`. */
  readonly prefix: string;
  /** Amazon's by default. */
  readonly endpoint?: string | undefined;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly isPathStyle: boolean;
}

interface Sent {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  /** Its bytes from the first, each time. */
  readonly body?: () => AsyncIterable<Buffer>;
}

/** Bytes written to an unnamed temporary file. */
interface Spooled {
  readonly size: number;
  readonly sha256: string;
}

/**
 * Stores each content as an object in a bucket, either completely or not at all: a bucket needs size and digest first,
 * so a content is written to the disk before it is sent.
 */
export class S3Store extends FileStore {
  private readonly address: string;

  constructor(
    private readonly bucket: Bucket,
    private readonly spoolFolder: string,
    private readonly silentMs = SILENT_MS,
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
      const body = () => contentOf(file);
      (await this.send(key, { method: 'PUT', headers, body })).resume();
    } finally {
      await file.close();
    }
  }

  /** The size is part of the signature, so bytes of any other size are refused. */
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

  async read(key: string, size: number, range?: ByteRange): Promise<Readable> {
    const headers = range && { range: `bytes=${range.start}-${range.end}` };
    const answer = await this.send(key, { method: 'GET', ...(headers && { headers }) });
    const { 'content-length': length, 'content-range': part } = answer.headers;
    const isRight = range ? part === `bytes ${range.start}-${range.end}/${size}` : Number(length) === size;
    if (isRight) return answer;
    answer.destroy();
    throw new FileStoreError('missing', SIZE_DIFFERS);
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

  /** An unnamed file, which the system removes even if the process is killed. */
  private async spool(): Promise<FileHandle> {
    await mkdir(this.spoolFolder, { recursive: true, mode: 0o700 }).catch(refuse);
    const path = join(this.spoolFolder, randomUUID());
    const file = await open(path, 'wx+', 0o600).catch(refuse);
    await rm(path).catch(refuse);
    return file;
  }

  /** @throws FileStoreError for every response but a success */
  private async send(key: string, sent: Sent): Promise<IncomingMessage> {
    const url = `${this.address}${key}`;
    const { method, headers = {} } = sent;
    const signer = new AwsV4Signer({ ...this.credentials, method, url, headers });
    const signed = await signer.sign();
    try {
      const all = { ...Object.fromEntries(signed.headers), ...headers };
      return await accepted(method, await exchange(signed.url, { ...sent, headers: all }, this.silentMs));
    } catch (error) {
      if (error instanceof FileStoreError) throw error;
      const { code = 'UNKNOWN' } = error as NodeJS.ErrnoException;
      throw new FileStoreError('unavailable', code, { cause: error });
    }
  }
}

/** How a kept connection ends that the bucket closed before it heard the request. */
const HUNG_UP = new Set(['ECONNRESET', 'EPIPE']);

/** Sends a request, and again when it met a kept connection that was just being closed: each is idempotent. */
async function exchange(
  url: URL,
  { method, headers, body }: Sent,
  silentMs: number,
): Promise<IncomingMessage> {
  const send = url.protocol === 'http:' ? sendPlain : sendSecure;
  for (;;) {
    const request = send(url, { method, ...(headers && { headers }), timeout: silentMs });
    try {
      return await new Promise<IncomingMessage>((resolve, reject) => {
        let answer: IncomingMessage | undefined;
        request.on('response', (response) => resolve((answer = response))).on('error', reject);
        request.on('timeout', () => {
          // While bytes wait to be fetched, it is the client who is slow.
          if (answer && answer.readableLength > 0) request.setTimeout(silentMs);
          else request.destroy(Object.assign(new Error('No answer'), { code: 'ETIMEDOUT' }));
        });
        // What fails ends the request, which tells why.
        if (body) pipeline(body(), request).catch((error: Error) => request.destroy(error));
        else request.end();
      });
    } catch (error) {
      // A new connection is never a kept one: this ends.
      if (!request.reusedSocket || !HUNG_UP.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
}

/**
 * Whatever else answers in place of the bucket, such as a proxy with a page of its own, is not believed: neither that
 * bytes are stored or removed, nor that they are missing.
 * @throws FileStoreError for a response other than a success of the bucket
 */
async function accepted(method: Sent['method'], answer: IncomingMessage): Promise<IncomingMessage> {
  const { statusCode = 500, headers } = answer;
  const isOfBucket = method === 'DELETE' ? statusCode === 204 : headers.etag !== undefined;
  if (statusCode < 300 && isOfBucket) return answer;
  const isMissing = statusCode === 404 && (await beginningOf(answer)).includes('<Code>NoSuchKey</Code>');
  answer.resume();
  const fault = isMissing ? 'missing' : statusCode === 507 ? 'full' : 'unavailable';
  throw new FileStoreError(fault, `HTTP_${statusCode}`);
}

async function beginningOf(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of answer.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    text += chunk.toString();
    if (text.length > MOST_OF_ERROR) break;
  }
  return text;
}

/** A stream of the file would close it when a connection breaks, and it could not be sent again. */
async function* contentOf(file: FileHandle): AsyncIterable<Buffer> {
  for (let position = 0; ;) {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(PART_BYTES), { position });
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    position += bytesRead;
  }
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
