import type { Feature } from '../specification/feature.ts';
import { capitalised, withArticle } from '../specification/words.ts';
import { takenCodes } from './service-source.ts';
import { literal } from './values.ts';

/** What the section of the documentation begins with, and the module's comment says. */
export function aboutSource({ names, shared }: Feature): string {
  return shared
    ? `${capitalised(names.resources)}, which belong to nobody: every user reads them.`
    : `${capitalised(names.resources)}. Each belongs to the user who created it.`;
}

/** The controller's file, without its imports. */
export function controllerSource(feature: Feature): string {
  const { names, fields, shared } = feature;
  const { Record, Feature, record, records, plural, resource, resources, RECORD } = names;
  const taken = takenCodes(feature, fields);
  const notFound = `${RECORD}_NOT_FOUND`;
  const one = withArticle(resource);
  const access = shared
    ? { create: `@Requires('${plural}:write')`, list: '@SignedIn()', get: '@SignedIn()' }
    : {
        create: '@SignedIn()',
        list: `@OwnerOr('${plural}:read', { parameter: 'owner' })`,
        get: `@OwnerOr('${plural}:read')`,
      };
  const changing = shared ? `@Requires('${plural}:write')` : `@OwnerOr('${plural}:write')`;
  const addressed = `@CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    @IfMatch() ifMatch: Precondition,`;
  return `
@ApiSection('${resources}', ${literal(aboutSource(feature))})
@Controller('api/v1/${plural}')
export class ${Feature}Controller {
  constructor(private readonly ${records}: ${Feature}Service) {}

  @Post()
  ${access.create}
  @ApiOperation({
    summary: 'Create ${one}',
    description: '${shared ? 'Every user may read it.' : 'It belongs to the caller.'}',
    operationId: 'create${Record}',
  })
  @Answers(${Record}Dto, { status: 201, errors: ${literal([...taken, notFound])} })
  async create(
    @CurrentScope() scope: Scope,
    @Body() dto: Create${Record}Dto,
    @CreateOnce() once: Once,
  ): Promise<${Record}Dto> {
    const ${record} = await once.run(
      (transaction) => this.${records}.create(scope, dto, transaction),
      (id) => this.${records}.get(scope, id),
    );
    return ${Record}Dto.from(${record});
  }

  @Get()
  ${access.list}
  @ApiOperation({ summary: 'List ${resources}', description: 'Newest first.', operationId: 'list${Feature}' })
  @AnswersPage(${Record}Dto)
  async list(@CurrentScope() scope: Scope, @Query() query: List${Feature}Query): Promise<Page<${Record}Dto>> {
    return mapPage(await this.${records}.list(scope, query), ${Record}Dto.from);
  }

  @Get(':id')
  ${access.get}
  @ApiOperation({ summary: 'Get ${one}',${shared ? " description: 'Every user may read it.'," : ''} operationId: 'get${Record}' })
  @Answers(${Record}Dto, { errors: ['${notFound}'] })
  async get(@CurrentScope() scope: Scope, @Param() { id }: IdParams): Promise<${Record}Dto> {
    return ${Record}Dto.from(await this.${records}.get(scope, id));
  }

  @Put(':id')
  ${changing}
  @ApiOperation({
    summary: 'Replace ${one}',
    description: 'What is not sent is reset.',
    operationId: 'replace${Record}',
  })
  @Answers(${Record}Dto, { errors: ${literal([notFound, ...taken])} })
  async replace(
    ${addressed}
    @Body() dto: Replace${Record}Dto,
  ): Promise<${Record}Dto> {
    return ${Record}Dto.from(await this.${records}.replace(scope, id, ifMatch, dto));
  }

  @Patch(':id')
  ${changing}
  @ApiOperation({
    summary: 'Change ${one}',
    description: 'Changes what is sent. null clears an optional field; lists and objects are replaced as a whole.',
    operationId: 'update${Record}',
  })
  @Answers(${Record}Dto, { errors: ${literal([notFound, ...taken])} })
  async update(
    ${addressed}
    @Body() dto: Update${Record}Dto,
  ): Promise<${Record}Dto> {
    return ${Record}Dto.from(await this.${records}.update(scope, id, ifMatch, dto));
  }

  @Delete(':id')
  ${changing}
  @ApiOperation({ summary: 'Delete ${one}', operationId: 'delete${Record}' })
  @AnswersMessage('${capitalised(resource)} deleted', { errors: ['${notFound}'] })
  async remove(
    ${addressed}
  ): Promise<void> {
    await this.${records}.remove(scope, id, ifMatch);
  }
}
`;
}

/** The module's file, without its imports. */
export function moduleSource(feature: Feature): string {
  const { Record, Feature } = feature.names;
  return `
/** ${aboutSource(feature)} */
@Module({
  imports: [MongooseModule.forFeature([{ name: ${Record}.name, schema: ${Record}Schema }])],
  controllers: [${Feature}Controller],
  providers: [${Feature}Service],
})
export class ${Feature}Module {}
`;
}
