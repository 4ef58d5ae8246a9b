import { type Feature, type Filter, filterOf, isAlwaysThere, sentFields } from '../specification/feature.ts';
import type { Field } from '../types/field.ts';
import { defaultSource } from '../specification/values.ts';

/** What stands for a field that is not sent, or null; undefined for one that is always sent. */
export function unsentSource(field: Field): string | undefined {
  if (field.required) return undefined;
  if (field.list) return '[]';
  return isAlwaysThere(field) ? (field.type.empty ?? defaultSource(field, 'ofService')) : 'null';
}

/** The constant that says so for the whole feature, with its comment. */
export function defaultsSource({ names, fields }: Feature): string {
  const lines = sentFields(fields).flatMap((field) => {
    const unsent = unsentSource(field);
    return unsent === undefined ? [] : [`${field.name}: ${unsent},\n`];
  });
  if (lines.length === 0) return '';
  return `/** The value of each optional field that is not sent, or is null. */
const DEFAULTS: Defaults<Create${names.Record}Dto, ${names.Record}> = {
${lines.join('')}};

`;
}

/** The fields that a list can be asked for, and how. */
export function filtersOf(
  fields: readonly Field[],
  all: readonly Field[],
): { readonly field: Field; readonly filter: Filter }[] {
  return fields.flatMap((field) => {
    const filter = filterOf(field, all);
    return filter ? [{ field, filter }] : [];
  });
}

/** The condition of a list that a filter adds. */
export function conditionSource({ name, several }: Field, filter: Filter): string {
  if (several) return `...(${name} && { ${name}: anyOf(${name}) })`;
  return filter === 'contains'
    ? `...(${name} && { ${name}: contains(${name}) })`
    : `...(${name} !== undefined && { ${name} })`;
}

/** What `list` does. */
export function listSource(feature: Feature): string {
  const { fields, shared } = feature;
  const filters = filtersOf(fields, fields);
  const parameters = [...filters.map(({ field }) => field.name), ...(shared ? [] : ['owner'])];
  const conditions = [
    ...filters.map(({ field, filter }) => conditionSource(field, filter)),
    ...(shared ? [] : ["...(owner && owner !== 'all' && { ownerId: new Types.ObjectId(owner) })"]),
  ];
  if (conditions.length === 0) return `return this.records.page(scope, query);`;
  return `const { ${parameters.join(', ')} } = query;
    return this.records.page(scope, query, {
      ${conditions.join(',\n')},
    });`;
}

/** The method that counts, where a field is counted. */
export function countsSource({ names, fields, shared }: Feature): string {
  if (!fields.some(({ stats }) => stats)) return '';
  const counts = shared
    ? `{ by }: Count${names.Feature}Query): Promise<CountDto[]> {
    return this.records.counts(scope, by);`
    : `{ by, owner }: Count${names.Feature}Query): Promise<CountDto[]> {
    return this.records.counts(scope, by, {
      ...(owner && owner !== 'all' && { ownerId: new Types.ObjectId(owner) }),
    });`;
  return `  counts(scope: Scope, ${counts}
  }

`;
}

/** The service's file, without its imports. */
export function serviceSource(feature: Feature): string {
  const { names, fields } = feature;
  const { Record, Feature, records } = names;
  const optional = sentFields(fields).some((field) => unsentSource(field) !== undefined);
  const sent = optional ? 'withDefaults(dto, DEFAULTS)' : 'dto';
  const changed = optional ? 'nullsToDefaults(dto, DEFAULTS)' : 'dto';
  return `
${defaultsSource(feature)}@Injectable()
export class ${Feature}Service {
  constructor(@InjectRecords(${records}) private readonly records: Records<${Record}>) {}

  create(scope: Scope, dto: Create${Record}Dto, once: Once): Promise<${Record}> {
    return this.records.create(scope, ${sent}, once);
  }

  get(scope: Scope, id: string): Promise<${Record}> {
    return this.records.get(scope, id);
  }

  list(scope: Scope, query: List${Feature}Query): Promise<Page<${Record}>> {
    ${listSource(feature)}
  }

${countsSource(feature)}  replace(scope: Scope, id: string, ifMatch: Precondition, dto: Replace${Record}Dto): Promise<${Record}> {
    return this.records.update(scope, id, ifMatch, ${sent});
  }

  update(scope: Scope, id: string, ifMatch: Precondition, dto: Update${Record}Dto): Promise<${Record}> {
    return this.records.update(scope, id, ifMatch, ${changed});
  }

  remove(scope: Scope, id: string, ifMatch: Precondition): Promise<${Record}> {
    return this.records.remove(scope, id, ifMatch);
  }
}
`;
}
