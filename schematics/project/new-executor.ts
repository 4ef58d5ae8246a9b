import type { Names } from '../naming/names.ts';
import { moduleWith } from '../source/command-edit.ts';
import { applyEdits, parse } from '../source/edit.ts';
import { schemaWithPermission, tableWithEntry } from '../source/executor-edit.ts';
import {
  executionsControllerSource,
  executionsServiceSource,
  executorDtoSource,
  executorSource,
  executorSpecSource,
  startEntrySource,
  startingHandlerSource,
  startingMethodSource,
  within,
} from '../source/executor-source.ts';
import { withImports } from '../source/imports.ts';
import { ownImports } from '../source/own-imports.ts';
import { addMember, classNamed } from '../source/places.ts';
import { type Executor, executorOf, type Starts } from '../specification/executor.ts';
import { fieldDeclarations } from '../specification/feature.ts';
import { byShape, filesOf } from './layout.ts';
import { existing } from './more-fields.ts';
import { requireFree } from './new-command.ts';
import { requireTargets } from './new-feature.ts';
import type { Changes, Project } from './project.ts';
import { sectionOf } from './section.ts';

type Imports = NonNullable<Parameters<typeof withImports>[1]>;

const EXECUTIONS = '../../platform/executions';

function from(path: string, kind: 'value' | 'type', ...names: string[]): Imports {
  return Object.fromEntries(names.map((name) => [name, { from: path, kind }]));
}

/**
 * Everything that an executor of a feature writes, before it is formatted.
 * @throws Refusal when it cannot be
 */
export function newExecutor(
  project: Project,
  names: Names,
  name: string,
  inputs: readonly string[],
  starts: Starts,
): Changes {
  const { shared } = existing(project, names);
  const executor = executorOf(names, name, inputs, starts);
  requireTargets(project, { names, fields: executor.inputs, shared, lists: [] });
  const { plural } = names;
  const files = filesOf(names);
  const path = `src/modules/${plural}/executors/${name}.executor.ts`;
  requireFree(project, path, executor.Class);
  const spec = `test/${plural}-${name}.e2e-spec.ts`;
  requireFree(project, spec, executor.Input);
  const own = importsOf(executor, names);
  const module = byShape(project, files.module, (text) =>
    withImports(moduleWith(text, names, { providers: executor.Class }), own.beside),
  );
  return new Map([
    // One folder below the feature's own files.
    [
      path,
      withImports(executorSource(executor, names), own.executor).replaceAll(
        "'../../platform/",
        "'../../../platform/",
      ),
    ],
    [files.module, module],
    [spec, executorSpecSource(executor, names)],
    ...(executor.route ? routed(project, executor, names, { shared, module, own }) : []),
  ]);
}

interface Around {
  readonly shared: boolean;
  readonly module: string;
  readonly own: Record<'executor' | 'beside', Imports>;
}

/** What the route writes that starts it. */
function routed(
  project: Project,
  executor: Executor,
  names: Names,
  { shared, module, own }: Around,
): [string, string][] {
  const { plural, singular, Record } = names;
  const { inputs, name, Dto } = executor;
  const files = filesOf(names);
  const folder = `src/modules/${plural}`;
  const dto = `${folder}/${name}-${singular}.dto.ts`;
  requireFree(project, dto, Dto);
  const [controller, service] = (['controller', 'service'] as const).map(
    (role) => `${folder}/${singular}-executions.${role}.ts`,
  );
  const withMember = (path: string, declaration: string, source: string) =>
    byShape(project, path, (text) =>
      applyEdits(text, [addMember(classNamed(parse(text), declaration), source)]),
    );
  const edited = (path = '', declaration: string, first: string, further: string) =>
    withImports(
      project.read(path) === undefined ? first : withMember(path, declaration, further),
      own.beside,
    );
  const table = startEntrySource(executor, names);
  return [
    ...(inputs.length > 0
      ? [[dto, withImports(executorDtoSource(executor, names), own.beside)] as [string, string]]
      : []),
    [files.schema, byShape(project, files.schema, (text) => schemaWithPermission(text, names, name, shared))],
    [
      controller ?? '',
      edited(
        controller,
        `${Record}ExecutionsController`,
        executionsControllerSource(executor, names, shared, sectionOf(project, { names })),
        startingHandlerSource(executor, names, shared),
      ),
    ],
    [
      service ?? '',
      edited(
        service,
        `${Record}ExecutionsService`,
        executionsServiceSource(executor, names),
        startingMethodSource(executor, names),
      ),
    ],
    [
      files.module,
      withImports(
        moduleWith(module, names, {
          controllers: `${Record}ExecutionsController`,
          providers: `${Record}ExecutionsService`,
        }),
        own.beside,
      ),
    ],
    [files.table, byShape(project, files.table, (text) => tableWithEntry(text, names, 'starts', table))],
  ];
}

/** What the executor's file imports, and what files beside its feature's do. */
function importsOf(executor: Executor, names: Names): Record<'executor' | 'beside', Imports> {
  const { name, Class, Dto, inputs } = executor;
  const { Record, records, singular } = names;
  const declared = fieldDeclarations({ names: within(executor, names), fields: inputs });
  const { controller } = ownImports({ names, fields: [] });
  const file = `./executors/${name}.executor.js`;
  return {
    executor: {
      ...from(`${EXECUTIONS}/executor.js`, 'value', 'Executor', 'NoInput'),
      ...from(`${EXECUTIONS}/schedule.js`, 'value', 'Schedule'),
      ...from(`${EXECUTIONS}/run.js`, 'type', 'Run'),
      ...from(`../${singular}.schema.js`, 'type', Record),
      ...from(`../${singular}.schema.js`, 'value', records),
    },
    beside: {
      ...controller,
      ...from(`./${singular}.schema.js`, 'type', Record),
      ...from(`${EXECUTIONS}/executions.js`, 'value', 'Executions'),
      ...from(`${EXECUTIONS}/execution.dto.js`, 'value', 'ExecutionDto'),
      ...from(file, 'value', Class, ...declared.map(({ constant }) => constant)),
      ...from(file, 'type', ...declared.map(({ type }) => type)),
      ...from(`./${name}-${singular}.dto.js`, 'value', Dto),
      ...from(`./${singular}-executions.service.js`, 'value', `${Record}ExecutionsService`),
      ...from(`./${singular}-executions.controller.js`, 'value', `${Record}ExecutionsController`),
    },
  };
}
