import { type Feature, fieldDeclarations } from '../specification/feature.ts';
import { NESTED, nestedNames } from '../types/nested.ts';
import type { withImports } from './imports.ts';

type Imports = NonNullable<Parameters<typeof withImports>[1]>;

function from(path: string, kind: 'value' | 'type', ...names: string[]): Imports {
  return Object.fromEntries(names.map((name) => [name, { from: path, kind }]));
}

/** What the schema's file or the DTOs' has of the objects among the fields. */
export function nestedImports(
  { names, fields }: Pick<Feature, 'names' | 'fields'>,
  kind: 'schema' | 'dto',
): Imports {
  return Object.assign(
    {},
    ...fields
      .filter(({ type }) => type === NESTED)
      .map((field) => {
        const { Class, Input, Dto, file } = nestedNames(field, names);
        return kind === 'schema'
          ? from(`./${file}.schema.js`, 'value', Class)
          : from(`./${file}.dto.js`, 'value', Input, Dto);
      }),
  ) as Imports;
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
      ...nestedImports({ names, fields }, 'dto'),
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
