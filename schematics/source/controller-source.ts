import type { Feature } from '../specification/feature.ts';
import { isListed } from './dto-source.ts';
import { capitalised, withArticle } from '../naming/words.ts';
import { literal } from '../types/source.ts';

/** What the section of the documentation begins with, and the module's comment says. */
function aboutSource({ names, shared }: Feature): string {
  return shared
    ? `${capitalised(names.resources)}, which have no owner: every user may read them.`
    : `${capitalised(names.resources)}. Each belongs to the user who created it.`;
}

/** The route that counts, where a field is counted. */
export function countsSource({ names, fields }: Feature, access: string): string {
  if (!fields.some(({ stats }) => stats)) return '';
  const { Feature, resources } = names;
  return `  @Get('stats')
  ${access}
  @ApiOperation({
    summary: 'Count ${resources} by value',
    description: 'Most frequent first.',
    operationId: 'count${Feature}',
  })
  @AnswersList(CountDto)
  counts(@CurrentScope() scope: Scope, @Query() query: Count${Feature}Query): Promise<CountDto[]> {
    return this.service.counts(scope, query);
  }

`;
}

/** The controller's file, without its imports. */
export function controllerSource(feature: Feature): string {
  const { names, shared } = feature;
  const { Record, Feature, records, plural, resource, resources } = names;
  const one = withArticle(resource);
  const access = shared
    ? { create: `@Requires(${records}.may.write)`, list: '@SignedIn()', get: '@SignedIn()' }
    : {
        create: '@SignedIn()',
        list: `@OwnerOr(${records}.may.read, { parameter: 'owner' })`,
        get: `@OwnerOr(${records}.may.read)`,
      };
  const changing = shared ? `@Requires(${records}.may.write)` : `@OwnerOr(${records}.may.write)`;
  const addressed = `@CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    @IfMatch() ifMatch: Precondition,`;
  return `
${shared ? '' : `@Transferable(${records}, ${Record}Dto)\n`}@ApiSection('${resources}', ${literal(aboutSource(feature))})
@Controller('api/v1/${plural}')
export class ${Feature}Controller {
  constructor(private readonly service: ${Feature}Service) {}

  @Post()
  ${access.create}
  @ApiOperation({
    summary: 'Create ${one}',
    description: '${shared ? 'Every user may read it.' : 'It belongs to the caller.'}',
    operationId: 'create${Record}',
  })
  @Answers(${Record}Dto, { status: 201, errors: ${records}.errors.create })
  async create(
    @CurrentScope() scope: Scope,
    @Body() dto: Create${Record}Dto,
    @CreateOnce() once: Once,
  ): Promise<${Record}Dto> {
    return ${Record}Dto.from(await this.service.create(scope, dto, once));
  }

  @Get()
  ${access.list}
  @ApiOperation({ summary: 'List ${resources}', description: '${isListed(feature) ? 'Newest first, unless asked for in another order.' : 'Newest first.'}', operationId: 'list${Feature}' })
  @AnswersPage(${Record}Dto)
  async list(@CurrentScope() scope: Scope, @Query() query: List${Feature}Query): Promise<Page<${Record}Dto>> {
    return mapPage(await this.service.list(scope, query), ${Record}Dto.from);
  }

${countsSource(feature, access.list)}  @Get(':id')
  ${access.get}
  @ApiOperation({ summary: 'Get ${one}',${shared ? " description: 'Every user may read it.'," : ''} operationId: 'get${Record}' })
  @Answers(${Record}Dto, { errors: ${records}.errors.get })
  async get(@CurrentScope() scope: Scope, @Param() { id }: IdParams): Promise<${Record}Dto> {
    return ${Record}Dto.from(await this.service.get(scope, id));
  }

  @Put(':id')
  ${changing}
  @ApiOperation({
    summary: 'Replace ${one}',
    description: 'What is not sent is reset.',
    operationId: 'replace${Record}',
  })
  @Answers(${Record}Dto, { errors: ${records}.errors.update })
  async replace(
    ${addressed}
    @Body() dto: Replace${Record}Dto,
  ): Promise<${Record}Dto> {
    return ${Record}Dto.from(await this.service.replace(scope, id, ifMatch, dto));
  }

  @Patch(':id')
  ${changing}
  @ApiOperation({
    summary: 'Change ${one}',
    description: 'Changes what is sent. null clears an optional field; lists and objects are replaced as a whole.',
    operationId: 'update${Record}',
  })
  @Answers(${Record}Dto, { errors: ${records}.errors.update })
  async update(
    ${addressed}
    @Body() dto: Update${Record}Dto,
  ): Promise<${Record}Dto> {
    return ${Record}Dto.from(await this.service.update(scope, id, ifMatch, dto));
  }

  @Delete(':id')
  ${changing}
  @ApiOperation({ summary: 'Delete ${one}', operationId: 'delete${Record}' })
  @AnswersMessage('${capitalised(resource)} deleted', { errors: ${records}.errors.remove })
  async remove(
    ${addressed}
  ): Promise<void> {
    await this.service.remove(scope, id, ifMatch);
  }
}
`;
}

/** The module's file, without its imports. */
export function moduleSource(feature: Feature): string {
  const { records, Feature } = feature.names;
  return `
/** ${aboutSource(feature)} */
@Module({
  imports: [RecordsModule.for(${records})],
  controllers: [${Feature}Controller],
  providers: [${Feature}Service],
})
export class ${Feature}Module {}
`;
}
