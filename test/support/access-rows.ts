import { PATH_METADATA } from '@nestjs/common/constants.js';
import { TRANSFER_ROUTES } from '../../src/modules/organizations/transfer-routes.js';
import type { CALLERS, Target } from './callers.js';
import type { Command, Feature } from './feature.js';
import { bodyOfCommand, createRecord, full, type Makers } from './feature-bodies.js';
import type { TestClient } from './test-client.js';

/** A status for each caller, in their order. */
export type Statuses = NumberFor<typeof CALLERS>;
type NumberFor<T extends readonly unknown[]> = { readonly [_ in keyof T]: number };

/** A request and what each caller is answered. */
export interface Row {
  /** Method and path, as the router knows them. */
  readonly route: string;
  readonly statuses: Statuses;
  readonly url?: (target: Target, makers: Makers) => string | Promise<string>;
  /** `makers` is who asks, or somebody in place of who cannot sign in. */
  readonly body?: (target: Target, makers: Makers) => object | Promise<object>;
}

export const PUBLIC: Statuses = [200, 200, 200, 200, 200, 200, 200, 200, 200, 200];
export const SIGNED_IN: Statuses = [401, 401, 401, 401, 200, 200, 200, 200, 200, 200];
/** As SIGNED_IN, for records that are there for their owner, or for everybody who has the permission. */
export const READ: Statuses = [401, 401, 401, 401, 404, 200, 200, 200, 404, 404];
export const WRITTEN: Statuses = [401, 401, 401, 401, 404, 200, 404, 200, 404, 404];
const CREATED: Statuses = [401, 401, 401, 401, 201, 201, 201, 201, 201, 201];
/** For a query that asks for records of others. */
export const FOREIGN: Statuses = [401, 401, 401, 401, 403, 403, 200, 200, 403, 403];
/** For records that belong to nobody. */
const SHARED_WRITTEN: Statuses = [401, 401, 401, 401, 403, 403, 403, 200, 403, 403];
const SHARED_CREATED: Statuses = [401, 401, 401, 401, 403, 403, 403, 201, 403, 403];

/** Whether the records of a feature can be given away: those of older releases say so when they are upgraded. */
function isTransferable(path: string): boolean {
  return TRANSFER_ROUTES.some((route) => `/${Reflect.getMetadata(PATH_METADATA, route)}` === path);
}

/** The rows of a feature, whose record is made anew for each caller. */
export function rowsOf(feature: Feature): Row[] {
  const { path, shared, stats = [], commands = {}, starts = {} } = feature;
  const url = async ({ owner }: Target, { admin }: Makers) =>
    `${path}/${(await createRecord(feature, { caller: owner, admin })).id}`;
  const body = (_: Target, makers: Makers) => full(feature, makers);
  const written = shared ? SHARED_WRITTEN : WRITTEN;
  const ofOthers: Row[] = [
    { route: `GET ${path}`, url: ({ owner }) => `${path}?owner=${owner.userId}`, statuses: FOREIGN },
    { route: `GET ${path}`, url: () => `${path}?owner=all`, statuses: FOREIGN },
  ];
  const counts = (more = '') => ({
    route: `GET ${path}/stats`,
    url: () => `${path}/stats?by=${stats[0]}${more}`,
  });
  const counting: Row[] = [
    { ...counts(), statuses: SIGNED_IN },
    ...(shared ? [] : [{ ...counts('&owner=all'), statuses: FOREIGN }]),
  ];
  // Administrators take what they may write: it is theirs then.
  const transfer: Row = {
    route: `POST ${path}/:id/transfer`,
    url: async (target, makers) => `${await url(target, makers)}/transfer`,
    // In an organization to where it is: what it refers to may be nobody's who asks.
    body: ({ owner }) => ({ organizationId: owner.headers['x-organization-id'] ?? null }),
    statuses: WRITTEN,
  };
  const done = (name: string, command: Command, status = 200): Row => ({
    route: `POST ${path}/:id/${name}`,
    url: async (target, makers) => {
      const at = await url(target, makers);
      const by = shared ? makers.admin : target.owner;
      for (const change of command.before ?? []) await by.patch?.(at, change);
      return `${at}/${name}`;
    },
    // Who may read a record that it is to refer to is whoever sends it.
    body: (_, makers) => bodyOfCommand(feature, command, makers),
    statuses: written.map((each) =>
      each !== 200 ? each : isFirst(feature, command) ? status : 409,
    ) as never,
  });
  return [
    { route: `POST ${path}`, statuses: shared ? SHARED_CREATED : CREATED, body },
    { route: `GET ${path}`, statuses: SIGNED_IN },
    ...(shared ? [] : ofOthers),
    ...(stats.length > 0 ? counting : []),
    { route: `GET ${path}/:id`, url, statuses: shared ? SIGNED_IN : READ },
    { route: `PUT ${path}/:id`, url, statuses: written, body },
    { route: `PATCH ${path}/:id`, url, statuses: written, body },
    { route: `DELETE ${path}/:id`, url, statuses: written },
    ...(isTransferable(path) ? [transfer] : []),
    ...abilityRows(feature),
    ...Object.entries(commands).map(([name, command]) => done(name, command)),
    // Answered before it is done.
    ...Object.entries(starts).map(([name, start]) => done(name, start, 202)),
  ];
}

/** Whether the states of a new record allow a command: who may give it is told so in any case. */
function isFirst({ fields }: Feature, { before, to = {} }: Command): boolean {
  const isAllowed = ([name, state]: [string, string]) => {
    const { states = {}, unsent } = fields[name] ?? {};
    return unsent === state || states[String(unsent)]?.includes(state);
  };
  return before !== undefined || Object.entries(to).every(isAllowed);
}

/** The rows of what else a feature can do. */
function abilityRows(feature: Feature): Row[] {
  const { path, shared, batch, trash, export: isExported, import: isImported } = feature;
  const statuses = shared ? SHARED_WRITTEN : WRITTEN;
  const made = ({ owner }: Target, { admin }: Makers) => createRecord(feature, { caller: owner, admin });
  const batched = async (target: Target, makers: Makers) => ({
    operations: [{ method: 'PATCH', id: (await made(target, makers)).id, body: {} }],
  });
  const trashed = async (target: Target, makers: Makers) => {
    const { id } = await made(target, makers);
    await (shared ? (makers.admin as TestClient) : target.owner).delete(`${path}/${id}`);
    return `${path}/${id}/restore`;
  };
  return [
    ...(batch ? [{ route: `POST ${path}/batch`, statuses, body: batched }] : []),
    ...(isExported ? exportRows(feature) : []),
    ...(isImported ? [importRow(feature)] : []),
    ...(trash ? [{ route: `POST ${path}/:id/restore`, statuses, url: trashed }] : []),
  ];
}

/** Whoever may import is told that there is no such file. */
function importRow({ path, shared }: Feature): Row {
  const statuses = (shared ? SHARED_CREATED : CREATED).map((each) => (each === 201 ? 400 : each));
  return {
    route: `POST ${path}/import`,
    statuses: statuses as never,
    body: () => ({ fileId: 'f'.repeat(24) }),
  };
}

function exportRows({ path, shared }: Feature): Row[] {
  const at = `${path}/export`;
  const others: Row = { route: `GET ${at}`, url: () => `${at}?owner=all`, statuses: FOREIGN };
  return [{ route: `GET ${at}`, statuses: SIGNED_IN }, ...(shared ? [] : [others])];
}
