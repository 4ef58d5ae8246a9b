import type ts from 'typescript';
import type { Edit } from '../source/edit.ts';
import { classNamed, methodNamed } from '../source/places.ts';
import {
  addArgument,
  type Addition,
  addParameter,
  creatingEdits,
  edited,
  type Extended,
  inTable,
  withController,
} from './addition.ts';
import { sectionOf } from '../project/section.ts';

/** Several things are done by one request: a controller of its own, and a service that takes transactions. */
export const batch: Addition = (project, feature) =>
  new Map([
    edited(project, feature, 'service', (source) => transactionEdits(source, feature)),
    ...withController(project, feature, 'batch', controllerSource(feature, sectionOf(project, feature))),
    inTable(project, feature, 'batch'),
  ]);

function transactionEdits(source: ts.SourceFile, { names }: Extended): Edit[] {
  const service = classNamed(source, `${names.Feature}Service`);
  const writing = (name: string, callee: string): Edit[] => {
    const method = methodNamed(service, name);
    const parameter = addParameter(method, 'transaction', 'transaction?: Transaction');
    return parameter.length === 0 ? [] : [...parameter, addArgument(method, callee, 'transaction')];
  };
  return [
    ...creatingEdits(methodNamed(service, 'create')),
    ...writing('replace', 'this.records.update'),
    ...writing('update', 'this.records.update'),
    ...writing('remove', 'this.records.remove'),
  ];
}

function controllerSource({ names, shared }: Extended, section: string): string {
  const { Record, Feature, records, plural, resources } = names;
  const access = shared ? `@Requires(${records}.may.write)` : `@OwnerOr(${records}.may.write)`;
  return `
class Batch${Feature}Dto extends BatchOf({
  POST: Create${Record}Dto,
  PUT: Replace${Record}Dto,
  PATCH: Update${Record}Dto,
}) {}

${section}
@Controller('api/v1/${plural}')
export class ${Feature}BatchController {
  constructor(
    private readonly service: ${Feature}Service,
    private readonly batches: Batches,
  ) {}

  @Post('batch')
  ${access}
  @Deadline(BATCH_MS)
  @ApiOperation({
    summary: 'Change several ${resources}',
    description: 'In order: all or none or, with \`atomic: false\`, each independently. Answers with the outcome of each.',
    operationId: 'batch${Feature}',
  })
  @AnswersBatch(${records}, ${Record}Dto)
  run(
    @CurrentScope() scope: Scope,
    @Body() dto: Batch${Feature}Dto,
    @CreateOnce() once: Once,
  ): Promise<BatchResult<${Record}Dto>[]> {
    const { service } = this;
    return this.batches.run(dto, once, ${Record}Dto.from, {
      POST: (body, transaction) => service.create(scope, body, transaction),
      PUT: (id, ifMatch, body, transaction) => service.replace(scope, id, ifMatch, body, transaction),
      PATCH: (id, ifMatch, body, transaction) => service.update(scope, id, ifMatch, body, transaction),
      DELETE: (id, ifMatch, transaction) => service.remove(scope, id, ifMatch, transaction),
    });
  }
}
`;
}
