import ts from 'typescript';
import type { Names } from '../naming/names.ts';
import { refuse } from '../naming/refusal.ts';
import type { Command } from '../specification/command.ts';
import type { Feature } from '../specification/feature.ts';
import { literal } from '../types/source.ts';
import { handlerSource, methodSource } from './command-source.ts';
import { applyEdits, type Edit, parse } from './edit.ts';
import {
  addElement,
  addMember,
  addProperty,
  arrayIn,
  classNamed,
  objectIn,
  optionalProperty,
  variableNamed,
} from './places.ts';

type Owned = Pick<Feature, 'names' | 'fields' | 'shared' | 'lists'>;

/** The schema's file, whose resource has one command more. */
export function schemaWithCommand(text: string, names: Names, { name }: Command): string {
  const declared = objectIn(variableNamed(parse(text), names.records), 'the object of the resource');
  const commands = optionalProperty(declared, 'commands');
  if (!commands) return applyEdits(text, [addProperty(declared, `commands: [${literal(name)}]`)]);
  const list = arrayIn(commands, 'the list commands');
  if (list.elements.some((each) => ts.isStringLiteral(each) && each.text === name))
    refuse(`${names.plural} has the command ${name} already`);
  return applyEdits(text, [addElement(list, literal(name))]);
}

function withMember(text: string, declaration: string, source: string, before?: string): string {
  return applyEdits(text, [addMember(classNamed(parse(text), declaration), source, before)]);
}

export function controllerWithCommand(text: string, command: Command, feature: Owned): string {
  return withMember(text, `${feature.names.Record}CommandsController`, handlerSource(command, feature));
}

export function serviceWithCommand(text: string, command: Command, feature: Owned): string {
  return withMember(text, `${feature.names.Record}CommandsService`, methodSource(command, feature));
}

/** The module's file with further classes, in the lists of its decorator. */
export function moduleWith(
  text: string,
  names: Names,
  classes: Readonly<Partial<Record<'controllers' | 'providers', string>>>,
): string {
  const module = classNamed(parse(text), `${names.Feature}Module`);
  const edits: Edit[] = [];
  for (const [list, name] of Object.entries(classes)) {
    const there = optionalProperty(module, list);
    if (there) {
      const array = arrayIn(there, `the list ${list}`);
      if (!array.elements.some((each) => each.getText() === name)) edits.push(addElement(array, name));
    } else {
      edits.push(addProperty(objectIn(module, 'the object of @Module'), `${list}: [${name}]`));
    }
  }
  return applyEdits(text, edits);
}
