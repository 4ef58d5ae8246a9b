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
import type { Ear } from './trail.js';

/** What lists and exports take as parameters: no fields can be called so. */
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

/** What users own may be read and written by others who have a permission for it. */
const OF_OTHERS = ['read', 'write'] as const;

interface Declaration<
  T extends StoredRecord,
  Unique extends string,
  Verb extends string,
  Command extends string,
> extends DeclaredAbilities {
  /** What a record is called, in the singular: `blog post`. Messages, error codes and log lines are made of it. */
  readonly name: string;
  /** The class of its records. */
  readonly record: { readonly name: string; readonly prototype: T };
  /** Made with `RECORD_OPTIONS` and a `collection`. */
  readonly schema: Schema;
  /** Fields of which a value can be taken: the last field of each unique index. */
  readonly unique?: readonly Unique[];
  /**
   * What roles can be allowed to do to records of others: `['read', 'write', 'assign']` makes `tickets:assign`.
   * `read` and `write` unless told, `write` where the records belong to nobody.
   */
  readonly permissions?: readonly Verb[];
  /** The records belong to nobody: everybody reads all of them. */
  readonly shared?: true;
  /** The field that says whose record it is: `ownerId` unless told. */
  readonly ownerField?: string;
  /**
   * What can be done to a record beside changing it: `['assign']` makes the permission `tickets:assign`, and
   * `tickets.commands.assign`, which others are told in place of `tickets.updated`.
   */
  readonly commands?: readonly Command[];
  /**
   * Lists in the order of a field, each with the filters that are given with it. An index is made of each:
   * `lists: [{ equal: ['status'], sort: 'dueAt' }]` serves `?status=open&sort=-dueAt`.
   */
  readonly lists?: readonly ListDeclaration[];
  /** Texts whose words `?q=` looks for. */
  readonly search?: readonly string[];
  /** Fields of which `counts` tells how many records have each value. */
  readonly stats?: readonly string[];
  /**
   * Fields that change along these ways only, and begin in their default:
   * `states: { status: { open: ['pending'], pending: ['closed'], closed: ['open'] } }`.
   */
  readonly states?: StatesOf<T>;
  /** What a transition sets beside the state: `({ to }) => ({ closedAt: to === 'closed' ? new Date() : null })`. */
  readonly onTransition?: (transition: Transition<T>) => Change<T>;
  /** What is later than what in a record as it is stored: `rules: { endsOn: { after: 'startsOn' } }`. */
  readonly rules?: Readonly<Record<string, OrderRule>>;
  /** Who changed what is kept, where the audit is part of the product. */
  readonly audit?: true;
  /** Other systems can be told what changes, where webhooks are part of the product. */
  readonly webhooks?: true;
  /** What changes are called there, where that is not `tickets.created`, `tickets.updated`, `tickets.deleted`. */
  readonly actions?: Partial<Actions>;
  /** Errors for values that are taken, where they are not made of the names: `{ email: UserErrors.EMAIL_TAKEN }`. */
  readonly taken?: Readonly<Partial<Record<Unique, ErrorDefinition>>>;
}

/** What the changes of records are called where others are told of them. */
export interface Actions {
  readonly created: string;
  readonly updated: string;
  readonly deleted: string;
  /** Only where there is a trash. */
  readonly restored?: string;
}

/** What it is called that a record was given to another owner. */
export function transferredOf({ plural }: Pick<Resource, 'plural'>): string {
  return `${plural}.transferred`;
}

/** An error of an operation, as it is documented. */
export interface PossibleError extends ErrorDefinition {
  /** Only where other records refer to those of this model. */
  readonly ifReferredTo?: string;
}

/** What a feature's records are, said once: their names, permissions, errors and where they are stored. */
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
  /** Only where some are declared. */
  readonly lists: Lists | undefined;
  /** Only where some are declared. */
  readonly states: States | undefined;
  /** Only where rules are declared. */
  readonly orders: FieldOrders | undefined;
  /** Who is told of changes. */
  readonly told: ReadonlySet<Ear>;
  readonly can: ReadonlySet<Ability>;
  /** `blog-posts`, as in paths and permissions. */
  readonly plural: string;
  readonly actions: Actions;
  /** The same by themselves, for `@OnRecord(tickets.created)`. */
  readonly created: string;
  readonly updated: string;
  readonly deleted: string;
  /** What commands are called where others are told of them: `tickets.assign`. */
  readonly commands: Readonly<Record<Command, string>>;
  /** The permissions by their verbs: `may.read` is `blog-posts:read`. */
  readonly may: Readonly<Record<Verb | Command, Permission>>;
  /** BLOG_POST_NOT_FOUND */
  readonly notFound: ErrorDefinition;
  /** BLOG_POST_TITLE_TAKEN, by the field. */
  readonly taken: Readonly<Record<Unique, ErrorDefinition>>;
  /** What each operation may answer instead of a record, for `@Answers`. */
  readonly errors: {
    readonly create: readonly PossibleError[];
    readonly get: readonly PossibleError[];
    readonly update: readonly PossibleError[];
    readonly remove: readonly PossibleError[];
  };
}

/**
 * Declares what a feature's records are. Names, permissions, errors and the repository derive from it.
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
  const told = (['audit', 'webhooks'] as const).filter((ear) => declaration[ear]);
  if (!plural && verbs.length + told.length > 0)
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
    told: new Set(told),
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
      // A repeated request may find that what it created is gone.
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

/** @throws DeclarationError for a field that no list could be asked for, since it takes a parameter of that name */
function requireFreeNames(name: string, schema: Schema): void {
  const field = LIST_PARAMETERS.find((each) => schema.path(each));
  if (field === undefined) return;
  throw new DeclarationError(
    `resource '${name}': no field can be called ${field}, which is a parameter of lists. Rename it in the schema, ` +
      `the DTOs and the service, and by a migration: updateMany({}, { $rename: { ${field}: '${field}Value' } })`,
  );
}

/** @throws DeclarationError where the unique fields of a resource are not those of its indexes */
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
