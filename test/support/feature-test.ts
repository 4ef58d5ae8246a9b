import { expect } from '@jest/globals';
import { Types } from 'mongoose';
import type { Feature } from './feature.js';
import { type Body, createRecord, full, type Makers, minimal, type RecordJson } from './feature-bodies.js';
import { createTestApp, type TestApp } from './test-app.js';
import type { Answer, TestClient } from './test-client.js';

/** What the tests of a feature have in common: the application, who uses it, and records. */
export class FeatureTest {
  test!: TestApp;
  /** Creates records; of a shared feature it is an administrator. */
  writer!: TestClient;
  /** Somebody else who may. */
  other!: TestClient;
  /** Somebody who has nothing, and no permission. */
  user!: TestClient;
  moderator!: TestClient;
  admin!: TestClient;

  constructor(readonly feature: Feature) {}

  async open(): Promise<void> {
    this.test = await createTestApp();
    this.admin = await this.test.anonymous.signIn('admin');
    [this.writer, this.other, this.user, this.moderator] = [
      await this.newWriter(),
      await this.newWriter(),
      await this.test.anonymous.signIn(),
      await this.test.anonymous.signIn('moderator'),
    ];
  }

  close(): Promise<void> {
    return this.test.close();
  }

  /** Somebody new who may create records. */
  newWriter(): Promise<TestClient> {
    return this.test.anonymous.signIn(this.feature.shared ? 'admin' : 'user');
  }

  /** Somebody new whose list is empty. Of a shared feature there is one list, which is emptied. */
  async newList(): Promise<TestClient> {
    if (this.feature.shared) await this.collection.deleteMany({});
    return this.newWriter();
  }

  get collection() {
    return this.test.connection.collection(this.feature.collection);
  }

  makers(caller = this.writer): Makers {
    return { caller, admin: this.admin };
  }

  minimal(caller?: TestClient, n?: number): Promise<Body> {
    return minimal(this.feature, this.makers(caller), n);
  }

  full(caller?: TestClient, n?: number): Promise<Body> {
    return full(this.feature, this.makers(caller), n);
  }

  /** A new record of the writer, with what is required; `fields` override. */
  create(fields: Body = {}, caller = this.writer): Promise<RecordJson> {
    const { feature } = this;
    return createRecord(feature, { caller, admin: feature.shared ? caller : this.admin }, fields);
  }

  /** The address of a record. */
  at({ id }: Pick<RecordJson, 'id'>): string {
    return `${this.feature.path}/${id}`;
  }

  /** A record as it is answered now. */
  async read(record: Pick<RecordJson, 'id'>): Promise<RecordJson> {
    const { status, body } = await this.writer.get(this.at(record));
    expect(status).toBe(200);
    return body.data as RecordJson;
  }

  /** What the database holds of a record. */
  stored({ id }: Pick<RecordJson, 'id'>): Promise<Body | null> {
    return this.collection.findOne({ _id: new Types.ObjectId(id) });
  }

  /** Every record that a list answers to a query, page by page. */
  async walk(client: TestClient, query: Readonly<Record<string, string>>): Promise<RecordJson[]> {
    const found: RecordJson[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const parameters = new URLSearchParams({ ...query, ...(cursor && { cursor }) });
      const { outcome, body } = await client.get(`${this.feature.path}?${parameters}`);
      expect(outcome).toBe('200');
      found.push(...(body.data as RecordJson[]));
      cursor = body.pagination.nextCursor as string | null;
    }
    return found;
  }
}

export const idsOf = (records: readonly RecordJson[]) => records.map(({ id }) => id);

export const outcomesOf = (answers: readonly Answer[]) => answers.map(({ outcome }) => outcome);

/** A value for the name of a test: short, and on one line. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'undefined';
  return text.length <= 60 ? text : `${text.slice(0, 40)}… (${text.length} characters)`;
}

export const UNKNOWN_FIELD = 'is not a known field';

/** Expects 400 with faults of a field, or of what stands in it. */
export function expectFaultsWithin({ outcome, body }: Answer, field: string): void {
  const details = body.details as readonly { readonly path: string }[];
  const others = details.filter(({ path }) => path !== field && !path.startsWith(`${field}.`));
  expect([outcome, details.length > 0, others]).toEqual(['400 VALIDATION_ERROR', true, []]);
}

/** Expects 400 with one fault, at `path`. */
export function expectFault({ outcome, body }: Answer, path: string, message?: string): void {
  const fault = { path, message: message ?? (expect.any(String) as unknown) };
  expect([outcome, body.details]).toEqual(['400 VALIDATION_ERROR', [fault]]);
}
