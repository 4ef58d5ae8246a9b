import { type Feature, filterOf } from '../specification/feature.ts';
import type { Command } from '../specification/command.ts';
import { inputSource } from './dto-source.ts';
import { literal } from '../types/source.ts';
import { entrySource } from './table-source.ts';

type Owned = Pick<Feature, 'names' | 'fields' | 'shared' | 'lists'>;

/** The file of what a command takes, without its imports. */
export function commandDtoSource(command: Command, feature: Owned): string {
  return `
/** The body of \`POST /${feature.names.plural}/:id/${command.name}\`. */
export class ${command.Dto} {
${command.inputs.map((field) => inputSource(field, feature)).join('\n')}}
`;
}

/** A handler of the controller. */
export function handlerSource(
  { name, method, Dto, operationId, summary, inputs }: Command,
  feature: Owned,
): string {
  const { Record, records } = feature.names;
  const access = feature.shared ? 'Requires' : 'OwnerOr';
  const takes = inputs.length > 0;
  return `@Post(':id/${name}')
  @${access}(${records}.may${property(name)})
  @ApiOperation({ summary: ${literal(summary)}, operationId: '${operationId}' })
  @Answers(${Record}Dto, { errors: ${records}.errors.update })
  async ${method}(
    @CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    @IfMatch() ifMatch: Precondition,
    ${takes ? `@Body() dto: ${Dto},` : ''}
  ): Promise<${Record}Dto> {
    return ${Record}Dto.from(await this.service.${method}(scope, id, ifMatch${takes ? ', dto' : ''}));
  }
`;
}

/** A method of the service. */
export function methodSource({ name, method, Dto, inputs, to }: Command, { names }: Owned): string {
  const { Record, records, plural } = names;
  const takes = inputs.length > 0;
  const entries = [
    ...Object.entries(to).map(([field, state]) => `${field}: ${literal(state)} as const`),
    ...inputs.map((input) => `${input.name}: dto.${input.name}`),
  ];
  const change = entries.length > 0 ? `{ ${entries.join(', ')} }` : '{}';
  return `/** \`POST /${plural}/:id/${name}\`. What you add to the transaction happens together with the change, or not at all. */
  ${method}(scope: Scope, id: string, ifMatch: Precondition${takes ? `, dto: ${Dto}` : ''}): Promise<${Record}> {
    return this.transactions.run(async (transaction) => {
      const change = ${change};
      return this.records.update(scope, id, ifMatch, change, transaction, ${records}.commands${property(name)});
    });
  }
`;
}

function property(name: string): string {
  return name.includes('-') ? `['${name}']` : `.${name}`;
}

/** The controller of a feature's first command, without its imports. */
export function commandsControllerSource(command: Command, feature: Owned, section: string): string {
  const { Record, plural, resources } = feature.names;
  return `
/** The commands on ${resources}. */
${section}
@Controller('api/v1/${plural}')
export class ${Record}CommandsController {
  constructor(private readonly service: ${Record}CommandsService) {}

  ${handlerSource(command, feature)}}
`;
}

/** The service of a feature's first command, without its imports. */
export function commandsServiceSource(command: Command, feature: Owned): string {
  const { Record, records } = feature.names;
  return `
@Injectable()
export class ${Record}CommandsService {
  constructor(
    @InjectRecords(${records}) private readonly records: Records<${Record}>,
    private readonly transactions: Transactions,
  ) {}

  ${methodSource(command, feature)}}
`;
}

/** What the tests know of a command: one entry of the table's \`commands\`. */
export function commandEntrySource({ name, inputs, to }: Command, { names }: Owned): string {
  const entries = inputs.map((field) => {
    const filter = filterOf(field, []);
    return entrySource(field, { names, fields: [] }).replace(`filter: '${filter}',\n`, '');
  });
  const leads = Object.keys(to).length > 0 ? `to: ${literal(to)}, ` : '';
  return `${name.includes('-') ? `'${name}'` : name}: { ${leads}fields: {${entries.join('')}} },`;
}
