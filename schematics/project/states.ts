import type { Names } from '../naming/names.ts';
import { refuse } from '../naming/refusal.ts';
import {
  type DeclaredState,
  enumOf,
  isTaken,
  keptByReplace,
  saidInDto,
  schemaWithStates,
  tableKnowing,
  tableWithStates,
  waysOf,
} from '../source/state-edit.ts';
import type { Command } from '../specification/command.ts';
import { completeWays, type Ways } from '../specification/states.ts';
import { byShape, filesOf } from './layout.ts';
import type { Changes, Project } from './project.ts';

/**
 * What a feature writes whose field is to change along these ways only, before it is formatted.
 * @throws Refusal when it cannot
 */
export function withStates(project: Project, names: Names, field: string, given: Ways): Changes {
  const files = filesOf(names);
  if (project.read(files.schema) === undefined)
    refuse(`There is no feature ${names.plural}: ${files.schema} is missing`);
  const { states, initial } = byShape(project, files.schema, (text) => enumOf(text, names, field));
  if (initial === undefined)
    refuse(`${field} has no default for new records: only a field with default= can be a state`);
  const ways = completeWays(field, given, states, initial);
  const changes = new Map([
    [files.schema, byShape(project, files.schema, (text) => schemaWithStates(text, names, field, ways))],
  ]);
  // What only the server sets is in no body: neither replaced nor tested by requests.
  if (byShape(project, files.dto, (text) => isTaken(text, names, field))) {
    changes.set(
      files.dto,
      byShape(project, files.dto, (text) => saidInDto(text, names, field, ways)),
    );
    changes.set(
      files.service,
      byShape(project, files.service, (text) => keptByReplace(text, names, field)),
    );
    changes.set(
      files.table,
      byShape(project, files.table, (text) => tableWithStates(text, names, { field, ways }, initial)),
    );
  } else {
    // Commands that lead there are tested.
    changes.set(
      files.table,
      byShape(project, files.table, (text) => tableKnowing(text, names, { field, ways })),
    );
  }
  return changes;
}

/**
 * The fields that a command takes to other states.
 * @throws Refusal for what is no state, or that no transition leads to
 */
export function targetStates(project: Project, names: Names, { to }: Command): DeclaredState[] {
  const { schema } = filesOf(names);
  return Object.entries(to).map(([field, state]) => {
    const { states } = byShape(project, schema, (text) => enumOf(text, names, field));
    const ways = byShape(project, schema, (text) => waysOf(text, names, field));
    if (!ways) {
      return refuse(
        `${field} has no transitions that --to could follow: declare them first, with npm run state -- ${names.plural} ${field} "${states.join('>')}"`,
      );
    }
    if (!states.includes(state)) refuse(`${field} cannot be ${state}; there are ${states.join(', ')}`);
    if (!Object.values(ways).some((next) => next.includes(state))) {
      refuse(
        `No transition leads to ${state}, in which ${field} begins: declare one first, with npm run state`,
      );
    }
    return { field, ways };
  });
}
