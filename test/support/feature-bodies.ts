import { FEATURES } from '../features/features.js';
import type { Command, Feature, Field } from './feature.js';
import { FILES, FORM_TYPE, formOf, PNG } from './forms.js';
import { ME, USERS } from './users.js';

/** Somebody who sends requests: a client of the tests, or one over real connections. */
export interface Sender {
  /** Who it is; the tests of features know it. */
  readonly userId?: string;
  patch?(path: string, body: unknown): Promise<unknown>;
  send?(
    method: string,
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>>,
    // oxlint-disable-next-line typescript/no-explicit-any -- as below
  ): Promise<{ readonly body: any }>;
  // oxlint-disable-next-line typescript/no-explicit-any -- as below
  readonly get?: (path: string) => Promise<{ readonly body: any }>;
  // oxlint-disable-next-line typescript/no-explicit-any -- the tests say what they expect of a body
  post(path: string, body: unknown): Promise<{ readonly status: number; readonly body: any }>;
}

/** Who makes records: their owner, and an administrator for those that are everybody's. */
export interface Makers {
  readonly caller: Sender;
  readonly admin: Sender;
}

export type Body = Readonly<Record<string, unknown>>;

/** A record as clients see it. */
export interface RecordJson extends Body {
  readonly id: string;
  readonly ownerId?: string;
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
}

const numbers = new Map<string, number>();

/** A number whose values no body of the feature has had; they follow one another. */
export function nextNumber({ path }: Feature): number {
  const number = (numbers.get(path) ?? 0) + 1;
  numbers.set(path, number);
  return number;
}

/** The feature with this path. */
export function featureAt(path: string): Feature {
  const found = FEATURES.find((feature) => feature.path === path);
  if (!found) throw new Error(`test/features/features.ts has no feature with the path ${path}`);
  return found;
}

export function fieldsOf({ fields }: Feature): [name: string, field: Field][] {
  return Object.entries(fields);
}

/** Those who make what the records of a feature refer to. */
function makersOf({ shared }: Feature, { caller, admin }: Makers): Makers {
  return { caller: shared ? admin : caller, admin };
}

/** A value for a field; a reference gets a record of its own to refer to, which the caller can read. */
export async function valueOf(field: Field, n: number, makers: Makers): Promise<unknown> {
  if (field.ref === undefined) return field.value(n);
  if (field.ref === USERS) return idOf(makers.caller);
  if (field.ref === FILES) return newPicture(makers.caller);
  return (await createRecord(featureAt(field.ref), makers)).id;
}

/** A picture is a file, too. */
export async function newPicture(caller: Sender): Promise<string> {
  const { body } = (await caller.send?.('POST', FILES, formOf('a.png', PNG), FORM_TYPE)) ?? {};
  return body.data.id as string;
}

/** Of a program it is the user's. */
async function idOf({ userId, get }: Sender): Promise<unknown> {
  return userId || (await get?.(ME))?.body.data.id;
}

async function bodyOf(
  feature: Feature,
  makers: Makers,
  n: number,
  has: (field: Field) => boolean,
): Promise<Body> {
  const body: Record<string, unknown> = {};
  for (const [name, field] of fieldsOf(feature)) {
    if (has(field)) body[name] = await valueOf(field, n, makersOf(feature, makers));
  }
  return body;
}

/** A body with what is required, and nothing else. */
export function minimal(feature: Feature, makers: Makers, n = nextNumber(feature)): Promise<Body> {
  return bodyOf(feature, makers, n, ({ required }) => required === true);
}

/** A body with every field that is sent. */
export function full(feature: Feature, makers: Makers, n = nextNumber(feature)): Promise<Body> {
  return bodyOf(feature, makers, n, ({ server }) => !server);
}

/** A body with everything that a command takes. */
export async function bodyOfCommand(feature: Feature, { fields }: Command, makers: Makers): Promise<Body> {
  return bodyOf({ ...feature, fields }, makers, nextNumber(feature), () => true);
}

/** States from which a command may take a record, by their fields; those that it leads to where there are no others. */
export function sourcesOf({ fields }: Feature, { to = {} }: Command): Body {
  return Object.fromEntries(
    Object.entries(to).map(([field, state]) => {
      const ways = Object.entries(fields[field]?.states ?? {});
      const [source = state] = ways.find(([, next]) => next.includes(state)) ?? [];
      return [field, source];
    }),
  );
}

/** Creates a record with what is required; `fields` override. */
export async function createRecord(feature: Feature, makers: Makers, fields: Body = {}): Promise<RecordJson> {
  const { caller } = makersOf(feature, makers);
  const sent = { ...(await minimal(feature, makers)), ...fields };
  const { status, body } = await caller.post(feature.path, sent);
  if (status !== 201) throw new Error(`No ${feature.resource}: ${JSON.stringify(body)}`);
  return body.data as RecordJson;
}

/** What is answered for a body that was created or replaced with it. */
export function answeredFor(feature: Feature, body: Body): Body {
  return Object.fromEntries(
    fieldsOf(feature).map(([name, { unsent = null }]) => [name, body[name] ?? unsent]),
  );
}

/** The code of an error for a feature or one of its fields: `blog post`, `dueAt` → BLOG_POST, DUE_AT. */
export function codeOf(words: string): string {
  return words
    .replaceAll(/([a-z\d])([A-Z])/g, '$1_$2')
    .replaceAll(' ', '_')
    .toUpperCase();
}
