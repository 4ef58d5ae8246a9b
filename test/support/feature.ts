/**
 * A feature as its tests need to know it. `describeFeature` is made of it, and so are the rows of the feature in
 * the tests of the whole product: who may use its routes, what creates, what is served by an index.
 */
export interface Feature {
  /** Where its records are: `/api/v1/blog-posts`. */
  readonly path: string;
  /** What a record is called in messages and, in capitals, in codes: `blog post`. */
  readonly resource: string;
  readonly collection: string;
  /** The records belong to nobody: whoever is signed in reads them, only administrators write. */
  readonly shared?: true;
  /** Lists in the order of a field, with the fields of which a value is given each. */
  readonly lists?: readonly DeclaredList[];
  /** Texts whose words are looked for. */
  readonly search?: readonly string[];
  /** Fields whose values are counted. */
  readonly stats?: readonly string[];
  /** What is deleted can be restored. */
  readonly trash?: true;
  /** All records of a list are sent as a file. */
  readonly export?: true;
  /** The rows of a file become records. */
  readonly import?: true;
  /** Several things are done by one request. */
  readonly batch?: true;
  /** What can be done to a record beside changing it, by name: `POST …/:id/assign`. */
  readonly commands?: Readonly<Record<string, Command>>;
  /** What a route of a record starts, by name: `POST …/:id/remind`. */
  readonly starts?: Readonly<Record<string, Command>>;
  /** By name, in the order of the answer. */
  readonly fields: Readonly<Record<string, Field>>;
}

export interface DeclaredList {
  readonly equal?: readonly string[];
  readonly sort: string;
  /** Also of the records of everybody. */
  readonly everybody?: boolean;
}

export interface Command {
  /** What it takes; a command keeps it in the record. */
  readonly fields: Readonly<Record<string, Field>>;
  /** Changes that lead a new record to where the command is allowed: `[{ status: 'pending' }]`. */
  readonly before?: readonly Readonly<Record<string, unknown>>[];
  /** The states that it takes the record to, by their fields: `{ status: 'closed' }`. */
  readonly to?: Readonly<Record<string, string>>;
}

export type Field = ValueField | ReferenceField;

interface AnyField {
  /** It must be sent, and is never null. */
  readonly required?: true;
  /** An owner has each value once; of a shared feature everybody. */
  readonly unique?: true;
  /** The list takes a parameter of the same name. Of a list `equals` asks for the records that have an item. */
  readonly filter?: 'contains' | 'equals';
  /** Only the server sets it: no body may have it. */
  readonly server?: true;
  /** The parameter takes several values: between commas, or by being given again. */
  readonly several?: 'commas' | 'given again';
  /** It changes along these ways only; every state is named. Records are created in the state of `value`. */
  readonly states?: Readonly<Record<string, readonly string[]>>;
  /** It is later than this field of the record, or not earlier. */
  readonly after?: string;
  readonly since?: string;
  /** What is answered when it was not sent, or null; null unless told. */
  readonly unsent?: unknown;
  /** Values that are refused by POST, PUT and PATCH. */
  readonly refuses?: readonly unknown[];
}

/** A field whose values stand for themselves. */
export interface ValueField extends AnyField {
  readonly ref?: never;
  /** It holds several values. A fault is named by the field, whichever item has it. */
  readonly list?: true;
  /** It is an object with fields, or several: a fault is named by one of them. */
  readonly nested?: true;
  /** Its numbers are texts in JSON, and decimals in the database. */
  readonly exact?: true;
  /** What the database holds of it cannot be read. */
  readonly encrypted?: true;
  /**
   * A value that is accepted, and answered as it was sent: for each `n` from 1 another one where the field is
   * unique, and otherwise for each two that follow one another where the type has so many.
   */
  readonly value: (n: number) => unknown;
  /** Values that are answered as they were sent. */
  readonly accepts?: readonly unknown[];
  /** Values that are answered otherwise: as sent, and as answered. */
  readonly becomes?: readonly (readonly [sent: unknown, answered: unknown])[];
}

/** A field that holds the id of a record of another feature, or of the same one. */
export interface ReferenceField extends AnyField {
  readonly list?: never;
  /** The path of the other feature. Its records are made by whoever needs one to refer to; users refer to themselves. */
  readonly ref: string;
  readonly filter?: 'equals';
}
