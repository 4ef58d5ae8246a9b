import { type Addition, type Extended, inTable, withController } from './addition.ts';
import { sectionOf } from '../project/section.ts';

/** All records of a list are sent as a file: a controller of its own. */
export const exported: Addition = (project, feature) =>
  new Map([
    ...withController(project, feature, 'export', controllerSource(feature, sectionOf(project, feature))),
    inTable(project, feature, 'export'),
  ]);

function controllerSource({ names, shared }: Extended, section: string): string {
  const { Record, Feature, records, plural, resources } = names;
  const access = shared ? '@SignedIn()' : `@OwnerOr(${records}.may.read, { parameter: 'owner' })`;
  return `
class Export${Feature}Query extends ExportOf(List${Feature}Query) {}

${section}
@Controller('api/v1/${plural}')
export class ${Feature}ExportController {
  constructor(
    private readonly service: ${Feature}Service,
    private readonly exporter: Exporter,
  ) {}

  @Get('export')
  ${access}
  @ApiOperation({
    summary: 'Export ${resources}',
    description: 'Everything that the list would answer, as a file: CSV, whose cells no spreadsheet takes for formulas, or one line of JSON per record.',
    operationId: 'export${Feature}',
  })
  @AnswersExport(${records})
  async run(
    @CurrentScope() scope: Scope,
    @Query() query: Export${Feature}Query,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.exporter.send(reply, ${records}, ${Record}Dto, query, (page: List${Feature}Query) =>
      this.service.list(scope, page),
    );
  }
}
`;
}
