import { Injectable } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { RequestMethod } from '@nestjs/common/enums/request-method.enum.js';
import { RouteParamtypes } from '@nestjs/common/enums/route-paramtypes.enum.js';
import { ModulesContainer } from '@nestjs/core';
import type { OrganizationRole } from '../../platform/access/memberships.js';
import { ProcessConfig } from '../../platform/config/process.config.js';
import { Repositories } from '../../platform/database/repositories.js';
import type { Resource } from '../../platform/database/resource.js';
import type { Section } from '../../platform/docs/section.js';
import { DeclarationError } from '../../platform/errors/start-error.js';
import { PageQuery } from '../../platform/validation/page-query.js';
import { type Handler, handlersIn } from '../../platform/http/handlers.js';
import type { Access } from '../../platform/access/access.js';
import type { Caller, Permission } from '../../platform/access/caller.js';
import { rulesOf } from '../../platform/validation/rules.js';
import { CONSOLE_PAGES, type ConsolePage } from './page-list.js';
import {
  accessOf,
  configOf,
  handlerAt,
  inputOf,
  type Operation,
  type Operations,
  operationsOf,
  type Reach,
  reachOf,
  rolesOf,
} from './feature-operations.js';
import { answeredFields, type FeatureField, TakenFields, withTransitions } from './feature-fields.js';

/** Addresses of the console's own that a feature of the name would hide. */
const OWN = new Set(
  ['caller', 'events', 'features', 'mails', 'system', 'session', 'ways-in'].concat(
    CONSOLE_PAGES.map(({ path }) => path.replace('console/', '')),
  ),
);

/** What pages need to know of a feature, made from its declaration. */
export interface Feature {
  /** `blog post` */
  readonly name: string;
  /** `blog-posts` */
  readonly plural: string;
  /** `api/v1/blog-posts`, relative to the product's own address. */
  readonly path: string;
  /** The same, but where the console has a list of its own for its records. */
  readonly readPath: string;
  /** The model's name, which references lead to. */
  readonly model: string;
  readonly about: string;
  readonly part: Section['part'];
  /** The field of an answer that says whose the record is; null where records belong to nobody. */
  readonly ownerField: string | null;
  /** The list can be asked for records of others, by `owner`. */
  readonly listsOthers: boolean;
  /** Deleting asks for a proof of identity. */
  readonly deletesWithProof: boolean;
  readonly fields: readonly FeatureField[];
  /** The orders that the list is declared to have, each with the fields of which a value must be given. */
  readonly lists: readonly { readonly equal: readonly string[]; readonly sort: string }[];
  /** Who changed what is kept. */
  readonly isAudited: boolean;
  /** What the list can be asked for. */
  readonly filters: readonly FeatureField[];
  /** The least role that an operation takes in an organization; absent for what does not work in one. */
  readonly roles: Readonly<Partial<Record<Operation, OrganizationRole>>>;
}

/** The commands on a record: `POST /api/v1/tickets/:id/<name>`. */
interface Command {
  readonly name: string;
  readonly fields: readonly FeatureField[];
  /** The least role that it takes in an organization. */
  readonly role: OrganizationRole;
}

/** A feature, and what its operations ask of a caller. */
interface Found {
  readonly feature: Feature;
  readonly access: ReadonlyMap<Operation, Access>;
  readonly commands: readonly (Command & { readonly access: Access })[];
}

/** For one caller: with what it may do, and the permissions of the feature that it has. */
type OwnFeature = Feature & {
  readonly operations: Readonly<Partial<Record<Operation, Reach>>>;
  readonly permissions: readonly Permission[];
  readonly commands: readonly (Command & { readonly reach: Reach })[];
};

/** Finds the features: whatever has records, and a controller of its own below the API. */
@Injectable()
export class ConsoleFeatures {
  private found: readonly Found[] | undefined;

  constructor(
    private readonly modules: ModulesContainer,
    private readonly repositories: Repositories,
    private readonly process: ProcessConfig,
  ) {}

  /** @throws DeclarationError for a feature with the name of a page of the console's own that does not show it */
  get plurals(): ReadonlySet<string> {
    return new Set(this.all.map(({ feature }) => feature.plural));
  }

  /** The pages of the console's own whose part of the product is there, but for those of development in production. */
  get ownPages(): readonly ConsolePage[] {
    const { paths } = this;
    const isProduction = this.process.mode === 'production';
    return CONSOLE_PAGES.filter(
      ({ needs, development }) => (needs === undefined || paths.has(needs)) && !(development && isProduction),
    );
  }

  /** Whether Swagger UI is part of the product. */
  get hasReference(): boolean {
    return [...this.modules.values()].some(({ name }) => name === 'OpenApiModule');
  }

  /** Which parts there are that let people sign in without a password. */
  get waysIn(): { readonly providers: boolean; readonly passkeys: boolean } {
    const { paths } = this;
    return { providers: paths.has('api/v1/auth/oauth'), passkeys: paths.has('api/v1/auth/passkeys') };
  }

  for({ permissions }: Caller): readonly OwnFeature[] {
    return this.all.map(({ feature, access, commands }) => ({
      ...feature,
      commands: commands.flatMap(({ access: each, ...command }) => {
        const reach = reachOf(each, permissions);
        return reach ? [{ ...command, reach }] : [];
      }),
      operations: Object.fromEntries(
        [...access].flatMap(([name, each]) => {
          const reach = reachOf(each, permissions);
          return reach ? [[name, reach]] : [];
        }),
      ),
      permissions: [...permissions].filter((each) => each.startsWith(`${feature.plural}:`)),
    }));
  }

  /** Of the controllers that there are. */
  private get paths(): ReadonlySet<string> {
    return new Set(handlersIn(this.modules).map(pathOf));
  }

  private get all(): readonly Found[] {
    this.found ??= this.find();
    return this.found;
  }

  private find(): readonly Found[] {
    const byPath = Map.groupBy(handlersIn(this.modules), pathOf);
    return this.repositories.resources
      .flatMap((resource) => {
        const plural = resource.schema.get('collection')?.replaceAll('_', '-') ?? '';
        const path = `api/v1/${plural}`;
        const handlers = byPath.get(path) ?? [];
        const readPath = `console/system/${plural}`;
        const own = byPath.get(readPath) ?? [];
        const section = sectionOf(handlers);
        const operations = operationsOf([...own, ...handlers]);
        if (!section || !operations.list || !operations.get) return [];
        if (OWN.has(plural) && !CONSOLE_PAGES.some(({ needs }) => needs === path)) {
          throw new DeclarationError(
            `resource '${resource.name}': /console/${plural} is the console's own; give the collection another name`,
          );
        }
        const feature = describe(resource, operations, {
          plural,
          path,
          readPath: own.length > 0 ? readPath : path,
          ...section,
        });
        return [{ feature, access: accessOf(operations), commands: commandsOf(resource, handlers) }];
      })
      .toSorted((a, b) => (a.feature.plural < b.feature.plural ? -1 : 1));
  }
}

function pathOf({ prototype }: Handler): string {
  const path = Reflect.getMetadata(PATH_METADATA, prototype.constructor) as unknown;
  return typeof path === 'string' ? path.replace(/^\/|\/$/g, '') : '';
}

/** Of a controller the decorator puts it on every method. */
function sectionOf([handler]: readonly Handler[]): Section | undefined {
  if (!handler) return undefined;
  const extensions = (Reflect.getMetadata('swagger/apiExtension', handler.method) ?? {}) as {
    'x-section'?: Section;
  };
  return extensions['x-section'];
}

function commandsOf({ commands, schema }: Resource, handlers: readonly Handler[]): Found['commands'] {
  const taken = new TakenFields(schema, new Set());
  const role = { creatable: true, changeable: true, answered: false };
  return Object.keys(commands).flatMap((name) => {
    const handler = handlerAt(handlers, RequestMethod.POST, `:id/${name}`);
    const { access, organizationRole = 'member' } = configOf(handler);
    if (!handler || !access) return [];
    const fields = taken.of(inputOf(handler, RouteParamtypes.BODY), role);
    return [{ name, fields, role: organizationRole, access }];
  });
}

function describe(
  { name, record, schema, unique, shared, ownerField, lists, states, consumers }: Resource,
  operations: Operations,
  summary: Pick<Feature, 'plural' | 'path' | 'readPath' | 'about' | 'part'>,
): Feature {
  const answer = configOf(operations.get).answer?.declared?.schema ?? {};
  const taken = new TakenFields(schema, new Set(unique));
  const fieldsOf = (operation: Operation, kind = RouteParamtypes.BODY): FeatureField[] =>
    taken.of(inputOf(operations[operation], kind), { creatable: false, changeable: false, answered: false });
  const created = new Map(fieldsOf('create').map((field) => [field.name, field]));
  const changed = new Map(fieldsOf('update').map((field) => [field.name, field]));
  const sent = [...new Map([...created, ...changed, ...created]).values()].map((field) => ({
    ...field,
    creatable: created.has(field.name),
    changeable: changed.has(field.name),
    clearable: changed.get(field.name)?.clearable ?? false,
    answered: answer.properties?.[field.name] !== undefined,
  }));
  const ofPages = new Set([...rulesOf(PageQuery).map((rules) => rules.name), 'owner']);
  const asked = fieldsOf('list', RouteParamtypes.QUERY);
  const references = new Map(
    asked
      .filter(({ model }) => model !== undefined)
      .map(({ name: filter, type, model }) => [filter, { type, model }]),
  );
  // What no body has is known to be a reference by its filter.
  const asAsked = (field: FeatureField): FeatureField =>
    ({ ...field, ...references.get(field.name) }) as FeatureField;
  return {
    name,
    ...summary,
    model: record.name,
    ownerField: shared ? null : ownerField === '_id' ? 'id' : ownerField,
    listsOthers: asked.some((field) => field.name === 'owner'),
    deletesWithProof: configOf(operations.delete).stepUp !== undefined,
    fields: withTransitions([...sent, ...answeredFields(answer, sent).map(asAsked)], states),
    lists: (lists?.all ?? []).map(({ equal, sort }) => ({ equal, sort: sort.name })),
    filters: asked.filter((field) => !ofPages.has(field.name)),
    isAudited: consumers.has('audit'),
    roles: rolesOf(operations),
  };
}
