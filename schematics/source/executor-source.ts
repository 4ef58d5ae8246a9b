import type { Names } from '../naming/names.ts';
import type { Executor } from '../specification/executor.ts';
import { fieldDeclarations } from '../specification/feature.ts';
import type { Field } from '../types/field.ts';
import { literal } from '../types/source.ts';
import { inputSource } from './dto-source.ts';
import { inputRules, MAX_ITEMS } from './rules.ts';
import { entrySource } from './table-source.ts';
import { exampleOf } from './values.ts';

/** Ids are texts in JSON, which is what an execution is started with. */
function isId(field: Field, names: Names): boolean {
  return field.type.typeSource(field, names) === 'Types.ObjectId';
}

/** Names of what the executor's own file declares, such as the choices of an enum. */
export function within({ Class, name }: Executor, names: Names): Names {
  return { ...names, Record: Class, RECORD: `${name.replaceAll('-', '_').toUpperCase()}_${names.RECORD}` };
}

function propertySource(field: Field, names: Names): string {
  const { name, list, required } = field;
  const type = (isId(field, names) ? 'string' : field.type.typeSource(field, names)) + (list ? '[]' : '');
  const ids = [
    ...(required ? [] : ['@IsOptional()']),
    ...(list ? [`@List(${MAX_ITEMS})`] : []),
    list ? '@RecordId({ each: true })' : '@RecordId()',
  ];
  const rules = isId(field, names) ? ids : inputRules(field, names);
  return `${rules.join('\n')}\n${required ? `${name}!: ${type}` : `${name}?: ${type} | null`};\n`;
}

/** The executor's file, without its imports. */
export function executorSource(executor: Executor, names: Names): string {
  const { Class, Input, inputs, about, method, type, schedule } = executor;
  const own = within(executor, names);
  const takes = inputs.length > 0 || about !== undefined;
  const declared = fieldDeclarations({ names: own, fields: inputs }).map(({ source }) => `${source}\n`);
  const record = about === undefined ? '' : `@RecordId()\n  ${about}!: string;\n\n`;
  const input = takes ? Input : 'NoInput';
  const constructor =
    about === undefined
      ? ''
      : `constructor(@InjectRecords(${names.records}) private readonly records: Records<${names.Record}>) {}\n\n`;
  const read =
    about === undefined
      ? ''
      : `const ${names.record} = await run.step('read', { effect: 'pure' }, () => this.records.get(run.scope, input.${about}));\n`;
  const result =
    about === undefined ? '({ key, ...input })' : `({ key, ...input, version: ${names.record}.version })`;
  return `
${declared.join('')}${
    takes
      ? `/** The input of \`${Class}\`. */
export class ${Input} {
  ${record}${inputs.map((field) => propertySource(field, own)).join('\n')}}

`
      : ''
  }/** Once started, it finishes, even if processes are killed. */
@Executor({ type: '${type}', input: ${input} })
${schedule === undefined ? '' : `@Schedule(${literal(schedule)})\n`}export class ${Class} {
  ${constructor}async execute(input: ${input}, run: Run): Promise<string> {
    ${read}// Put what must not be repeated into a step: its result is stored, and its key is the same on every attempt.
    await run.step('${method}', ({ key }) => ${result});
    return 'done';
  }
}
`;
}

/** The file of what the route takes, without its imports. */
export function executorDtoSource(executor: Executor, names: Names): string {
  const { Dto, inputs, name } = executor;
  const own = within(executor, names);
  const feature = { names: own, fields: inputs, shared: false, lists: [] };
  const source = (field: Field) =>
    isId(field, names)
      ? `@ApiProperty({ example: ${literal(exampleOf(field))} })\n${propertySource(field, own)}`
      : inputSource(field, feature);
  return `
/** The body of \`POST /${names.plural}/:id/${name}\`. */
export class ${Dto} {
${inputs.map(source).join('\n')}}
`;
}

/** A handler that starts an execution. */
export function startingHandlerSource(executor: Executor, names: Names, shared: boolean): string {
  const { name, method, Dto, summary, inputs } = executor;
  const takes = inputs.length > 0;
  return `@Post(':id/${name}')
  @${shared ? 'Requires' : 'OwnerOr'}(${names.records}.may${name.includes('-') ? `['${name}']` : `.${name}`})
  @ApiOperation({
    summary: ${literal(summary)},
    description: 'Starts an execution and answers with it. It finishes even if processes are killed.',
    operationId: '${method}${names.Record}',
  })
  @Answers(ExecutionDto, { status: 202, errors: ${names.records}.errors.get })
  ${method}(
    @CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    ${takes ? `@Body() dto: ${Dto},\n` : ''}@CreateOnce() once: Once,
  ): Promise<ExecutionDto> {
    return this.service.${method}(scope, id${takes ? ', dto' : ''}, once);
  }
`;
}

/** A method that starts an execution. */
export function startingMethodSource(executor: Executor, names: Names): string {
  const { name, method, Class, Dto, inputs, about } = executor;
  const takes = inputs.length > 0;
  return `/** \`POST /${names.plural}/:id/${name}\` */
  async ${method}(scope: Scope, id: string, ${takes ? `dto: ${Dto}, ` : ''}once: Once): Promise<ExecutionDto> {
    const { _id } = await this.records.get(scope, id);
    const record = \`${names.plural}/\${_id.toHexString()}\`;
    const input = { ${takes ? '...dto, ' : ''}${about}: _id.toHexString() };
    return once.keep((transaction) =>
      this.executions.start(${Class}, input, { scope, record, ...(transaction && { transaction }) }),
    );
  }
`;
}

/** The controller of what a feature's routes start, without its imports. */
export function executionsControllerSource(
  executor: Executor,
  names: Names,
  shared: boolean,
  section: string,
): string {
  const { Record, plural, resources } = names;
  return `
/** Routes that start executions for ${resources}. */
${section}
@Controller('api/v1/${plural}')
export class ${Record}ExecutionsController {
  constructor(private readonly service: ${Record}ExecutionsService) {}

  ${startingHandlerSource(executor, names, shared)}}
`;
}

/** The service of what a feature's routes start, without its imports. */
export function executionsServiceSource(executor: Executor, names: Names): string {
  const { Record, records } = names;
  return `
@Injectable()
export class ${Record}ExecutionsService {
  constructor(
    @InjectRecords(${records}) private readonly records: Records<${Record}>,
    private readonly executions: Executions,
  ) {}

  ${startingMethodSource(executor, names)}}
`;
}

/** The executor's test. */
export function executorSpecSource(executor: Executor, names: Names): string {
  const { Class, name, inputs, about } = executor;
  const values = inputs.map((field) => {
    const isDate = field.type.typeSource(field, names) === 'Date';
    const one = literal(exampleOf({ ...field, list: false }));
    const value = isDate ? `new Date(${one})` : field.choices.length > 0 ? `${one} as const` : one;
    return `${field.name}: ${field.list ? `[${value}]` : value}`;
  });
  const input =
    about === undefined
      ? `{ ${values.join(', ')} }`
      : `async (test) => ({ ${[`${about}: await newRecord(test, ${names.records})`, ...values].join(', ')} })`;
  return `import { ${Class} } from '../src/modules/${names.plural}/executors/${name}.executor.js';
${about === undefined ? '' : `import { ${names.records} } from './features/${names.plural}.js';\n`}import { describeExecutor${about === undefined ? '' : ', newRecord'} } from './support/describe-executor.js';

describeExecutor(${Class}, { input: ${input}, result: 'done' });
`;
}

/** What the tests know of a route that starts one: an entry of the table's \`starts\`. */
export function startEntrySource({ name, inputs }: Executor, names: Names): string {
  const entries = inputs.map((field) =>
    entrySource(field, { names, fields: [] }).replace(/filter: '\w+',\n/, ''),
  );
  return `${name.includes('-') ? `'${name}'` : name}: { fields: {${entries.join('')}} },`;
}
