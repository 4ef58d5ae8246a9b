import type { Names } from '../naming/names.ts';
import { refuse } from '../naming/refusal.ts';
import {
  controllerWithCommand,
  moduleWith,
  schemaWithCommand,
  serviceWithCommand,
} from '../source/command-edit.ts';
import {
  commandDtoSource,
  commandEntrySource,
  commandsControllerSource,
  commandsServiceSource,
} from '../source/command-source.ts';
import { tableWithEntry } from '../source/executor-edit.ts';
import { classesOf } from '../source/exported.ts';
import { tableKnowing } from '../source/state-edit.ts';
import { withImports } from '../source/imports.ts';
import { ownImports } from '../source/own-imports.ts';
import { commandOf, NO_OBJECTS, requireAlike } from '../specification/command.ts';
import { FIELD_TYPES } from '../types/types.ts';
import { fieldCommand } from './field-command.ts';
import { byShape, filesOf } from './layout.ts';
import { existing } from './more-fields.ts';
import { describedOf } from './more-lists.ts';
import { targetStates } from './states.ts';
import { changed, type Changes, type Project } from './project.ts';
import { sectionOf } from './section.ts';

/**
 * Everything that a command on the records of a feature writes, before it is formatted. What it takes is kept in the
 * record: where that has no such field, in a new one that only the server sets.
 * @param to the states that it takes the record to: `status=closed`
 * @throws Refusal when it cannot be
 */
export function newCommand(
  before: Project,
  names: Names,
  name: string,
  inputs: readonly string[],
  to: readonly string[] = [],
): Changes {
  const command = commandOf(names, name, inputs, to);
  const { fields, shared } = existing(before, names);
  const states = targetStates(before, names, command);
  const described = describedOf(before, names).fields;
  for (const input of command.inputs) {
    const kept = described.find((field) => field.name === input.name);
    if (kept) requireAlike(input, kept, names);
    else if (fields.includes(input.name) && input.type === FIELD_TYPES.object)
      refuse(`${input.name} has fields in ${names.plural}: what is in it is ${NO_OBJECTS}`);
  }
  const missing = command.kept.filter((_, index) => !fields.includes(command.inputs[index]?.name ?? ''));
  const { changes } =
    missing.length > 0 ? fieldCommand(before, names, missing) : { changes: new Map<string, string>() };
  const project = changed(before, changes);
  const files = { ...filesOf(names), ...commandFilesOf(names) };
  const dto = `src/modules/${names.plural}/${command.file}.ts`;
  requireFree(project, dto, command.Dto);
  const feature = { names, fields: command.inputs, shared, lists: [] };
  const own = commandImports(names, command.file, command.Dto);
  const imports = ownImports(feature);
  const { Record } = names;
  const isFirst = project.read(files.controller) === undefined;
  const edited = (path: string, edit: (text: string) => string) => byShape(project, path, edit);
  return new Map([
    ...changes,
    ...(command.inputs.length > 0
      ? [[dto, withImports(commandDtoSource(command, feature), imports.dto)] as const]
      : []),
    [files.schema, edited(files.schema, (text) => schemaWithCommand(text, names, command))],
    [
      files.controller,
      withImports(
        isFirst
          ? commandsControllerSource(command, feature, sectionOf(project, feature))
          : edited(files.controller, (text) => controllerWithCommand(text, command, feature)),
        { ...imports.controller, ...own.controller },
      ),
    ],
    [
      files.service,
      withImports(
        isFirst
          ? commandsServiceSource(command, feature)
          : edited(files.service, (text) => serviceWithCommand(text, command, feature)),
        { ...imports.service, ...own.service },
      ),
    ],
    [
      files.module,
      edited(files.module, (text) =>
        withImports(
          moduleWith(text, names, {
            controllers: `${Record}CommandsController`,
            providers: `${Record}CommandsService`,
          }),
          own.module,
        ),
      ),
    ],
    [
      files.table,
      edited(files.table, (text) =>
        tableWithEntry(
          states.reduce((table, state) => tableKnowing(table, names, state), text),
          names,
          'commands',
          commandEntrySource(command, feature),
        ),
      ),
    ],
  ]);
}

/** Where the commands of a feature are. */
function commandFilesOf({ plural, singular }: Names) {
  const folder = `src/modules/${plural}`;
  return {
    controller: `${folder}/${singular}-commands.controller.ts`,
    service: `${folder}/${singular}-commands.service.ts`,
  };
}

/** What the files of commands import of each other. */
function commandImports({ Record, singular }: Names, file: string, Dto: string) {
  const from = (path: string, kind: 'value' | 'type', name: string) =>
    ({ [name]: { from: path, kind } }) as const;
  const service = from(`./${singular}-commands.service.js`, 'value', `${Record}CommandsService`);
  return {
    controller: { ...service, ...from(`./${file}.js`, 'value', Dto) },
    service: {
      ...from(`./${file}.js`, 'type', Dto),
      ...from('../../platform/database/transactions.js', 'value', 'Transactions'),
    },
    module: {
      ...service,
      ...from(`./${singular}-commands.controller.js`, 'value', `${Record}CommandsController`),
    },
  };
}

/** @throws Refusal for a class whose file or name is there already */
export function requireFree(project: Project, path: string, name: string): void {
  if (project.read(path) !== undefined) refuse(`${path} already exists`);
  for (const file of project.filesIn('src')) {
    const text = file.endsWith('.ts') ? (project.read(file) ?? '') : '';
    if (text.includes(name) && classesOf(text).includes(name))
      refuse(`${file} declares ${name} already; choose another name`);
  }
}
