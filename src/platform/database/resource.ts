import type { Schema } from 'mongoose';
import { DeclarationError } from '../errors/start-error.js';
import { CATALOGUE, type ErrorDefinition, notFoundError, takenError } from '../errors/errors.js';
import type { Permission } from '../access/caller.js';
import { abilitiesOf, type Ability, type DeclaredAbilities } from './abilities.js';
import { uniqueKeys } from './filter.js';
import { FieldOrders, type OrderRule } from './field-orders.js';
import { requireCommands } from './command-names.js';
import { type ListDeclaration, Lists } from './lists.js';
import type { Change, StoredRecord } from './record.js';
import { States, type StatesOf, type Transition } from './states.js';
import type { EventConsumer } from './change-events.js';

/** Parameters of lists and exports, which fields cannot be named after. */
export const LIST_PARAMETERS = [
  'sort',
  'q',
  'by',
  'format',
  'trash',
  'owner',
  'limit',
  'offset',
  'page',
  'cursor',
  'total',
] as const;

/** The default permissions for records of other owners. */
const OF_OTHERS = ['read', 'write'] as const;

interface Declaration<
  T extends StoredRecord,
  Unique extends string,
  Verb extends string,
  Command extends string,
> extends DeclaredAbilities {
  /** The singular name of a record: `blog post`. Messages, error codes and log lines derive from it. */
  readonly name: string;
  /** The class of its records. */
  readonly record: { readonly name: string; readonly prototype: T };
  /** Declared with `RECORD_OPTIONS` and a `collection`. */
  readonly schema: Schema;
  /** Fields with unique values: the last field of each unique index. */
  readonly unique?: readonly Unique[];
  /**
   * What roles may be allowed to do with records of others: `['read', 'write', 'assign']` declares `tickets:assign`.
   * By default `read` and `write`; only `write` for shared records.
   */
  readonly permissions?: readonly Verb[];
  /** The records have no owner: everybody can read all of them. */
  readonly shared?: true;
  /** The field with the owner's id; `ownerId` by default. */
  readonly ownerField?: string;
  /**
   * Commands on a record: `['assign']` declares the permission `tickets:assign` and the event
   * `tickets.commands.assign`, which is reported instead of `tickets.updated`.
   */
  readonly commands?: readonly Command[];
  /**
   * Lists sorted by a field, each with the filters that must be given with it. An index is created for each:
   * `lists: [{ equal: ['status'], sort: 'dueAt' }]` serves `?status=open&sort=-dueAt`.
   */
  readonly lists?: readonly ListDeclaration[];
  /** Text fields that `?q=` searches by words. */
  readonly search?: readonly string[];
  /** Fields for which `counts` returns how many records have each value. */
  readonly stats?: readonly string[];
  /**
   * Fields that change by these transitions only, and begin in their default:
   * `states: { status: { open: ['pending'], pending: ['closed'], closed: ['open'] } }`.
   */
  readonly states?: StatesOf<T>;
  /** Further fields that a transition sets: `({ to }) => ({ closedAt: to === 'closed' ? new Date() : null })`. */
  readonly onTransition?: (transition: Transition<T>) => Change<T>;
  /** Order rules between dates of a record: `rules: { endsOn: { after: 'startsOn' } }`. */
  readonly rules?: Readonly<Record<string, OrderRule>>;
  /** Record its changes in the audit, if that is part of the product. */
  readonly audit?: true;
  /** Offer its changes to webhooks, if those are part of the product. */
  readonly webhooks?: true;
  /** The names of its events, if not `tickets.created`, `tickets.updated`, `tickets.deleted`. */
  readonly actions?: Partial<Actions>;
  /** Errors for unique values that are taken, if not derived from the names: `{ email: UserErrors.EMAIL_TAKEN }`. */
  readonly taken?: Readonly<Partial<Record<Unique, ErrorDefinition>>>;
}

/** The names of events about records. */
export interface Actions {
  readonly created: string;
  readonly updated: string;
  readonly deleted: string;
  /** Only with a trash. */
  readonly restored?: string;
}

/** The name of the event for a transfer to another owner. */
export function transferredOf({ plural }: Pick<Resource, 'plural'>): string {
  return `${plural}.transferred`;
}

/** An error of an operation, for the documentation. */
export interface PossibleError extends ErrorDefinition {
  /** Possible only if other records refer to those of this model. */
  readonly ifReferredTo?: string;
}

/** The single declaration of a feature's records: their names, permissions, errors and storage. */
export interface Resource<
  T extends StoredRecord = StoredRecord,
  Unique extends string = string,
  Verb extends string = string,
  Command extends string = string,
> {
  readonly name: string;
  readonly record: { readonly name: string; readonly prototype: T };
  readonly schema: Schema;
  readonly shared: boolean;
  readonly ownerField: string;
  readonly unique: readonly Unique[];
  /** Undefined if none are declared. */
  readonly lists: Lists | undefined;
  /** Undefined if none are declared. */
  readonly states: States | undefined;
  /** Undefined if no rules are declared. */
  readonly orders: FieldOrders | undefined;
  /** The parts that are notified of changes. */
  readonly consumers: ReadonlySet<EventConsumer>;
  readonly can: ReadonlySet<Ability>;
  /** `blog-posts`, as in paths and permissions. */
  readonly plural: string;
  readonly actions: Actions;
  /** Shortcuts for `@OnRecord(tickets.created)`. */
  readonly created: string;
  readonly updated: string;
  readonly deleted: string;
  /** The names of the events of commands: `tickets.assign`. */
  readonly commands: Readonly<Record<Command, string>>;
  /** The permissions by verb: `may.read` is `blog-posts:read`. */
  readonly may: Readonly<Record<Verb | Command, Permission>>;
  /** BLOG_POST_NOT_FOUND */
  readonly notFound: ErrorDefinition;
  /** BLOG_POST_TITLE_TAKEN, by the field. */
  readonly taken: Readonly<Record<Unique, ErrorDefinition>>;
  /** The errors of each operation, for `@Answers`. */
  readonly errors: {
    readonly create: readonly PossibleError[];
    readonly get: readonly PossibleError[];
    readonly update: readonly PossibleError[];
    readonly remove: readonly PossibleError[];
  };
}

/**
 * Declares the records of a feature. Names, permissions, errors and the repository derive from it.
 *
 *     export const projects = resource({ name: 'project', record: Project, schema: ProjectSchema, unique: ['name'] });
 */
export function resource<
  T extends StoredRecord,
  const Unique extends string = never,
  const Verb extends string = (typeof OF_OTHERS)[number],
  const Command extends string = never,
>(declaration: Declaration<T, Unique, Verb, Command>): Resource<T, Unique, Verb, Command> {
  const { name, record, schema, shared = false, ownerField = 'ownerId', unique = [] } = declaration;
  const { commands = [] } = declaration;
  const verbs = [...(declaration.permissions ?? (shared ? ['write'] : OF_OTHERS)), ...commands];
  const plural = schema.get('collection')?.replaceAll('_', '-');
  const consumers = (['audit', 'webhooks'] as const).filter((consumer) => declaration[consumer]);
  if (!plural && verbs.length + consumers.length > 0)
    throw new DeclarationError(`resource '${name}': give the schema of ${record.name} a collection`);
  const notFound = notFoundError(name);
  const taken = unique.map(
    (field) => [field, declaration.taken?.[field] ?? takenError(name, field)] as const,
  );
  const states = statesOf(declaration);
  const conflicts = [
    ...taken.map(([, error]) => error),
    ...(states ? [CATALOGUE.TRANSITION_NOT_ALLOWED] : []),
  ];
  requireFreeNames(name, schema);
  const actions = {
    created: `${plural}.created`,
    updated: `${plural}.updated`,
    deleted: `${plural}.deleted`,
    ...(declaration.trash && { restored: `${plural}.restored` }),
    ...declaration.actions,
  };
  requireCommands(name, commands, verbs);
  return {
    name,
    record,
    schema,
    shared,
    ownerField,
    unique,
    lists: listsOf(declaration),
    states,
    orders: declaration.rules && new FieldOrders(name, schema, declaration.rules),
    consumers: new Set(consumers),
    can: abilitiesOf(declaration),
    plural: plural ?? '',
    actions,
    created: actions.created,
    updated: actions.updated,
    deleted: actions.deleted,
    commands: Object.fromEntries(commands.map((command) => [command, `${plural}.${command}`])) as Record<
      Command,
      string
    >,
    may: Object.fromEntries(verbs.map((verb) => [verb, `${plural}:${verb}`])) as Record<
      Verb | Command,
      Permission
    >,
    notFound,
    taken: Object.fromEntries(taken) as Record<Unique, ErrorDefinition>,
    errors: {
      // A repeated request may find that the record it created is gone.
      create: [...conflicts, notFound],
      get: [notFound],
      update: [notFound, ...conflicts],
      remove: [notFound, { ...CATALOGUE.IN_USE, ifReferredTo: record.name }],
    },
  };
}

function listsOf({
  name,
  schema,
  shared,
  ownerField = 'ownerId',
  lists = [],
  search = [],
  stats = [],
}: Omit<Declaration<StoredRecord, string, string, string>, 'states' | 'onTransition'>): Lists | undefined {
  if (lists.length + search.length + stats.length === 0) return undefined;
  return new Lists({ name, schema, owner: shared ? undefined : ownerField, lists, search, stats });
}

function statesOf<T extends StoredRecord>({
  name,
  schema,
  states,
  onTransition,
}: Declaration<T, string, string, string>): States | undefined {
  return states || onTransition ? new States(name, schema, states ?? {}, onTransition) : undefined;
}

/** @throws DeclarationError for a field named like a parameter of lists */
function requireFreeNames(name: string, schema: Schema): void {
  const field = LIST_PARAMETERS.find((each) => schema.path(each));
  if (field === undefined) return;
  throw new DeclarationError(
    `resource '${name}': no field can be called ${field}, which is a parameter of lists. Rename it in the schema, ` +
      `the DTOs and the service, and by a migration: updateMany({}, { $rename: { ${field}: '${field}Value' } })`,
  );
}

/** @throws DeclarationError if the unique fields of a resource do not match its indexes */
export function requireUniqueFields({ name, schema, ownerField, unique }: Resource): void {
  const fieldOf = (keys: readonly string[]) => keys.findLast((key) => key !== ownerField) ?? keys.at(-1);
  const indexed = uniqueKeys(schema)
    .map(fieldOf)
    .filter((field): field is string => field !== undefined && field !== '_id');
  const missing = indexed.find((field) => !unique.includes(field));
  if (missing !== undefined) {
    throw new DeclarationError(
      `resource '${name}': ${missing} has a unique index; write unique: ['${missing}']`,
    );
  }
  const unindexed = unique.find((field) => !indexed.includes(field));
  if (unindexed !== undefined) {
    throw new DeclarationError(
      `resource '${name}': unique names ${unindexed}, which ends no unique index of the schema`,
    );
  }
}
