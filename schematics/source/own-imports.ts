import { type Feature, fieldDeclarations } from '../specification/feature.ts';
import type { withImports } from './imports.ts';

type Imports = NonNullable<Parameters<typeof withImports>[1]>;

function from(path: string, kind: 'value' | 'type', ...names: string[]): Imports {
  return Object.fromEntries(names.map((name) => [name, { from: path, kind }]));
}

/** What the files of a feature import of each other. */
export function ownImports({
  names,
  fields,
}: Pick<Feature, 'names' | 'fields'>): Record<'dto' | 'service' | 'controller' | 'module', Imports> {
  const { Record, Feature, records, plural, singular } = names;
  const declared = fieldDeclarations({ names, fields });
  const schema = `./${singular}.schema.js`;
  const sent = ['Create', 'Replace', 'Update'].map((verb) => `${verb}${Record}Dto`);
  sent.push(`List${Feature}Query`, `Count${Feature}Query`);
  const dto = `./${singular}.dto.js`;
  const service = from(`./${plural}.service.js`, 'value', `${Feature}Service`);
  return {
    dto: {
      ...from(schema, 'type', Record, ...declared.map(({ type }) => type)),
      ...from(schema, 'value', records, ...declared.map(({ constant }) => constant)),
    },
    service: {
      ...from(dto, 'type', ...sent),
      ...from(schema, 'type', Record),
      ...from(schema, 'value', records),
    },
    controller: {
      ...from(dto, 'value', ...sent, `${Record}Dto`),
      ...from(schema, 'value', records),
      ...service,
    },
    module: {
      ...from(schema, 'value', records),
      ...from(`./${plural}.controller.js`, 'value', `${Feature}Controller`),
      ...service,
    },
  };
}
