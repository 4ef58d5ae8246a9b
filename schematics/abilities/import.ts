import { refuse } from '../naming/refusal.ts';
import { filesOf, folderOf } from '../project/layout.ts';
import type { Project } from '../project/project.ts';
import { moduleWith } from '../source/command-edit.ts';
import { withImports } from '../source/imports.ts';
import { classNamed, methodNamed } from '../source/places.ts';
import { type Addition, creatingEdits, edited, type Extended, inTable, withController } from './addition.ts';
import { sectionOf } from '../project/section.ts';
import { ABILITY_IMPORTS } from './imported.ts';

/** Rows of a file become records: a controller of its own, an executor, and a service that takes transactions. */
export const imported: Addition = (project, feature) => {
  const { names } = feature;
  const [controller, module] = withController(
    project,
    feature,
    'import',
    controllerSource(feature, sectionOf(project, feature)),
  );
  return new Map([
    edited(project, feature, 'service', (source) =>
      creatingEdits(methodNamed(classNamed(source, `${names.Feature}Service`), 'create')),
    ),
    executorFile(project, feature),
    ...[controller, module].filter((each) => each !== undefined).map((each) => withExecutor(feature, each)),
    inTable(project, feature, 'import'),
  ]);
};

function executorFile(project: Project, { names }: Extended): [string, string] {
  const { Record, Feature, records, plural, singular } = names;
  const path = `${folderOf(names)}/executors/import.executor.ts`;
  if (project.read(path) !== undefined) refuse(`${path} already exists`);
  const source = withImports(executorSource({ names, shared: false }), {
    ...ABILITY_IMPORTS,
    [`Create${Record}Dto`]: { from: `../${singular}.dto.js`, kind: 'value' },
    [`${Record}Dto`]: { from: `../${singular}.dto.js`, kind: 'value' },
    [`${Feature}Service`]: { from: `../${plural}.service.js`, kind: 'value' },
    [records]: { from: `../${singular}.schema.js`, kind: 'value' },
  });
  // One folder below the feature's own files.
  return [path, source.replaceAll("'../../platform/", "'../../../platform/")];
}

/** A file that names the executor: the module provides it, too. */
function withExecutor({ names }: Extended, [path, text]: [string, string]): [string, string] {
  const Class = `Import${names.Feature}`;
  const named = path === filesOf(names).module ? moduleWith(text, names, { providers: Class }) : text;
  return [path, withImports(named, { [Class]: { from: './executors/import.executor.js', kind: 'value' } })];
}

function executorSource({ names }: Extended): string {
  const { Record, Feature, records, resources } = names;
  return `
/** Creates ${resources} from the rows of a file, each as \`POST\` does. */
@ImportExecutor(${records}, Create${Record}Dto, ${Record}Dto)
export class Import${Feature} {
  constructor(
    private readonly service: ${Feature}Service,
    private readonly imports: Imports,
  ) {}

  execute(input: ImportDto, run: Run): Promise<ImportResult> {
    return this.imports.run(Import${Feature}, input, run, (scope, dto: Create${Record}Dto, transaction) =>
      this.service.create(scope, dto, transaction),
    );
  }
}
`;
}

function controllerSource({ names, shared }: Extended, section: string): string {
  const { Feature, records, plural, resources } = names;
  const access = shared ? `@Requires(${records}.may.write)` : '@SignedIn()';
  return `
${section}
@Controller('api/v1/${plural}')
export class ${Feature}ImportController {
  constructor(private readonly imports: Imports) {}

  @Post('import')
  ${access}
  @ApiOperation({
    summary: 'Import ${resources}',
    description: 'Starts an execution that creates a record from each row, and answers with it. Rows have the columns of an export. The result says how many records were created, and which rows were refused and why.',
    operationId: 'import${Feature}',
    requestBody: IMPORTED,
  })
  @AnswersImport(Import${Feature})
  run(
    @CurrentScope() scope: Scope,
    @Req() { headers }: FastifyRequest,
    @RawBody() body: Buffer | undefined,
    @Query() { ignore }: ImportQuery,
    @CreateOnce() once: Once,
  ): Promise<ExecutionDto> {
    const type = headers['content-type'];
    return this.imports.start(Import${Feature}, { scope, type, body, ignore }, once);
  }
}
`;
}
