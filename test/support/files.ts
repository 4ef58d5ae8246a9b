import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import S3rver from '@20minutes/s3rver';
import { expect } from '@jest/globals';
import type { Environment } from '../../src/platform/config/env.js';
import { ProcessConfig } from '../../src/platform/config/process.config.js';
import { FOREIGN, READ, type Row, SIGNED_IN, WRITTEN } from './access-rows.js';
import { checkAnswer } from './answer-rules.js';
import { createTestApp, type TestApp } from './test-app.js';
import { FILES, FORM_TYPE, formOf } from './forms.js';
import type { Answer, TestClient } from './test-client.js';

export const digestOf = (content: string) => createHash('sha256').update(content).digest('hex');

/** A file as it is answered. */
interface Uploaded {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly sha256: string;
}

/** Every file below a folder. */
function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
}

/** A real S3 server, which checks signatures. */
export class Bucket {
  private server: S3rver | undefined;
  private readonly folder = mkdtempSync(join(tmpdir(), 'bucket-'));
  port = 0;

  async start(): Promise<void> {
    const { folder: directory, port } = this;
    const configureBuckets = [{ name: 'uploads', configs: [] }];
    this.server = new S3rver({ address: '127.0.0.1', port, silent: true, directory, configureBuckets });
    ({ port: this.port } = await this.server.run());
    // A test's own requests are not sent again when a kept connection is just being closed.
    this.server.httpServer.keepAliveTimeout = 60_000;
  }

  stop = async (): Promise<void> => this.server?.close();

  get env(): Environment {
    return {
      FILES_URL: 's3://uploads/of/mine',
      FILES_S3_ENDPOINT: `http://127.0.0.1:${this.port}`,
      FILES_S3_PATH_STYLE: 'true',
      FILES_S3_ACCESS_KEY_ID: 'S3RVER',
      FILES_S3_SECRET_ACCESS_KEY: 'S3RVER',
    };
  }

  /** The keys of its objects. */
  get keys(): string[] {
    const end = '._S3rver_object';
    return filesIn(this.folder).flatMap((name) => (name.endsWith(end) ? [name.slice(0, -end.length)] : []));
  }

  remove = (): void => rmSync(this.folder, { recursive: true });
}

/** A server with a socket, and the folder of its files. */
export class FilesLab {
  private constructor(
    readonly test: TestApp,
    readonly url: string,
    readonly folder: string,
    private readonly bucket: Bucket | undefined,
  ) {}

  static async start(env: Environment = {}, bucket?: Bucket): Promise<FilesLab> {
    const test = await createTestApp({ ...bucket?.env, ...env });
    await test.app.listen(0, '127.0.0.1');
    const { port } = test.app.getHttpServer().address() as AddressInfo;
    const folder = join(test.config.of(ProcessConfig).dataDir, 'files');
    return new FilesLab(test, `http://127.0.0.1:${port}`, folder, bucket);
  }

  /** Every content in the store. */
  contents(): string[] {
    return this.bucket?.keys ?? filesIn(this.folder);
  }

  /** Lets the store answer nothing. */
  async breakStore(): Promise<void> {
    if (this.bucket) return this.bucket.stop();
    rmSync(this.folder, { recursive: true, force: true });
    writeFileSync(this.folder, 'no folder');
  }

  async mendStore(): Promise<void> {
    if (this.bucket) return this.bucket.start();
    rmSync(this.folder);
  }

  /** How many contents are noted as loose. */
  noted(): Promise<number> {
    return this.test.connection.collection('loose_contents').countDocuments();
  }

  /** What is on the disk is what the records say, and nothing is noted as loose. */
  async expectAgreement(): Promise<void> {
    const records = await this.test.connection.collection('files').find({}).toArray();
    expect(this.contents().toSorted()).toEqual(records.map(({ content }) => String(content)).toSorted());
    expect(await this.noted()).toBe(0);
  }

  /** A connection on which a form of so many bytes is about to be sent. */
  connect({ headers }: TestClient, length: number): Socket {
    const socket = connect(Number(new URL(this.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(
      `POST ${FILES} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${headers['authorization']}\r\n` +
        `Content-Type: ${FORM_TYPE['content-type']}\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n`,
    );
    return socket;
  }

  async send(client: TestClient, body: FormData | Buffer, headers: object = {}): Promise<Answer> {
    const response = await fetch(`${this.url}${FILES}`, {
      method: 'POST',
      body: Buffer.isBuffer(body) ? new Uint8Array(body) : body,
      headers: { ...client.headers, ...(Buffer.isBuffer(body) && FORM_TYPE), ...headers },
    });
    const text = await response.text();
    const answered = JSON.parse(text) as { code?: string };
    const answer: Answer = {
      status: response.status,
      outcome: [response.status, answered.code].filter(Boolean).join(' '),
      headers: Object.fromEntries(response.headers),
      text,
      body: answered,
    };
    checkAnswer(`POST ${FILES}`, answer);
    return answer;
  }

  upload(
    client: TestClient,
    content: Buffer | string,
    name = 'a.txt',
    headers: object = {},
  ): Promise<Answer> {
    const form = new FormData();
    form.append('file', new Blob([new Uint8Array(Buffer.from(content))]), name);
    return this.send(client, form, headers);
  }

  async uploaded(client: TestClient, content: Buffer | string, name?: string): Promise<Uploaded> {
    const { outcome, body } = await this.upload(client, content, name);
    expect(outcome).toBe('201');
    return body.data as Uploaded;
  }

  /** The path of a link to a file. */
  async link(client: TestClient, id: string, expiresIn = 60): Promise<string> {
    const { outcome, body } = await client.post(`${FILES}/${id}/links`, { expiresIn });
    expect(outcome).toBe('200');
    const { pathname, search } = new URL(body.data.url as string);
    return pathname + search;
  }

  /** The bytes of a file, over a socket. */
  async download(client: TestClient, id: string, headers: object = {}, method = 'GET') {
    const response = await fetch(`${this.url}${FILES}/${id}/content`, {
      method,
      headers: { ...client.headers, ...headers },
    });
    return { response, bytes: Buffer.from(await response.arrayBuffer()) };
  }
}

/** Uploads a file without a socket, and answers its id. */
export async function newFile(client: TestClient): Promise<string> {
  const { body } = await client.send('POST', FILES, formOf('a.txt', 'hers'), FORM_TYPE);
  return String(body.data.id);
}

const ofOwner =
  (path = '') =>
  async ({ owner }: { owner: TestClient }) =>
    `${FILES}/${await newFile(owner)}${path}`;

/** Who may do what with files. An upload without a form is refused whoever may upload. */
export const FILE_ROWS: readonly Row[] = [
  { route: `POST ${FILES}`, statuses: [401, 401, 401, 401, 400, 400, 400, 400, 400, 400] },
  { route: `GET ${FILES}`, statuses: SIGNED_IN },
  { route: `GET ${FILES}`, url: ({ owner }) => `${FILES}?owner=${owner.userId}`, statuses: FOREIGN },
  { route: `GET ${FILES}/:id`, url: ofOwner(), statuses: READ },
  { route: `GET ${FILES}/:id/content`, url: ofOwner('/content'), statuses: READ },
  {
    route: `POST ${FILES}/:id/links`,
    url: ofOwner('/links'),
    body: () => ({ expiresIn: 60 }),
    statuses: READ,
  },
  // A link that was made up, whoever shows it.
  {
    route: `GET ${FILES}/:id/shared`,
    url: ofOwner('/shared?token=x'),
    statuses: [404, 404, 404, 404, 404, 404, 404, 404, 404, 404],
  },
  { route: `DELETE ${FILES}/:id`, url: ofOwner(), statuses: WRITTEN },
  {
    route: `POST ${FILES}/uploads`,
    body: () => ({ name: 'a.txt', type: 'text/plain', size: 4 }),
    statuses: [401, 401, 401, 401, 201, 201, 201, 201, 201, 201],
  },
  {
    route: `PUT ${FILES}/:id/upload`,
    url: ofOwner('/upload?token=x'),
    statuses: [404, 404, 404, 404, 404, 404, 404, 404, 404, 404],
  },
  // One that is completed already.
  { route: `POST ${FILES}/:id/complete`, url: ofOwner('/complete'), statuses: WRITTEN },
];
