import { needsModule } from '../errors/needed-modules.js';

/** Abilities of records besides being created, listed, read, changed and deleted, and the modules that provide them. */
const ABILITIES = {
  batch: 'BulkModule',
  export: 'BulkModule',
  import: 'ImportsModule',
  trash: 'TrashModule',
} as const;
export type Ability = keyof typeof ABILITIES;

/** The abilities that a resource declares. */
export interface DeclaredAbilities {
  /** Deleted records can be restored for 30 days. */
  readonly trash?: true;
  /** One request can perform several operations. */
  readonly batch?: true;
  /** A whole list can be downloaded as a file. */
  readonly export?: true;
  /** Records can be created from the rows of a file. */
  readonly import?: true;
}

/** The abilities of a resource. Startup fails if the module of one is not part of the product. */
export function abilitiesOf(declared: DeclaredAbilities & { readonly name: string }): ReadonlySet<Ability> {
  const can = (Object.keys(ABILITIES) as Ability[]).filter((ability) => declared[ability]);
  for (const ability of can)
    needsModule(ABILITIES[ability], `resource '${declared.name}' declares ${ability}`);
  return new Set(can);
}
