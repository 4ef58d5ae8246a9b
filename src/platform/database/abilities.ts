import { needsModule } from '../errors/needed-modules.js';

/** What a feature's records can do beside being created, listed, read, changed and deleted, and the module of it. */
const ABILITIES = { batch: 'BulkModule', export: 'BulkModule', trash: 'TrashModule' } as const;
export type Ability = keyof typeof ABILITIES;

/** What a resource declares of it. */
export interface DeclaredAbilities {
  /** What is deleted can be restored for 30 days. */
  readonly trash?: true;
  /** Several things are done to its records by one request. */
  readonly batch?: true;
  /** All records of a list are sent as a file. */
  readonly export?: true;
}

/** What a resource can do. Where its module is not part of the product, the start is refused. */
export function abilitiesOf(declared: DeclaredAbilities & { readonly name: string }): ReadonlySet<Ability> {
  const can = (Object.keys(ABILITIES) as Ability[]).filter((ability) => declared[ability]);
  for (const ability of can)
    needsModule(ABILITIES[ability], `resource '${declared.name}' declares ${ability}`);
  return new Set(can);
}
