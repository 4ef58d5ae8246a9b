import type { Rule } from '@angular-devkit/schematics';
import { ableFeature } from '../abilities/able-feature.ts';
import { moreAbilities } from '../abilities/more-abilities.ts';
import { refuse } from '../naming/refusal.ts';
import { filesOf } from '../project/layout.ts';
import { moreLists } from '../project/more-lists.ts';
import { changed, type Changes, type Project } from '../project/project.ts';
import { ruleOf } from '../project/rule.ts';
import { ABILITIES, type Ability } from '../specification/feature.ts';
import { costOf } from '../specification/lists.ts';
import { featureOf } from '../specification/specification.ts';
import { type Names, namesOf } from '../naming/names.ts';

interface Options {
  readonly name: string;
  readonly fields?: readonly string[];
  readonly shared?: boolean;
  readonly lists?: readonly string[];
  readonly add?: readonly string[];
}

/** What a feature has that nobody has said anything about: the fields of a project. */
const USUAL_FIELDS = ['name:string:required:unique:max=100', 'description:text:max=500', 'metadata:object'];

/** `nest g feature invoices`, and `npm run feature`. */
export function feature({ name, fields = [], shared = false, lists = [], add = [] }: Options): Rule {
  const abilities = add.flatMap((each) => each.split(',')).map(abilityOf);
  const listed = lists.flatMap((list) => ['--list', list]);
  const added = add.flatMap((each) => ['--add', each]);
  const args = [name, ...fields, ...listed, ...added, ...(shared ? ['--shared'] : [])];
  return ruleOf('feature', args, (project) => {
    const names = namesOf(name);
    const isThere = project.read(filesOf(names).schema) !== undefined;
    if (isThere && fields.length === 0 && abilities.length + lists.length > 0) {
      return moreOf(project, names, abilities, lists);
    }
    if (lists.length > 0 && fields.length === 0) {
      refuse(`There is no feature ${name}; --list of a new one is for the fields that stand beside it`);
    }
    const described = fields.length > 0 ? fields : USUAL_FIELDS;
    const planned = { ...featureOf(names, described, lists, shared), abilities: [...new Set(abilities)] };
    for (const line of costOf(planned)) process.stderr.write(`${line}\n`);
    return ableFeature(project, planned);
  });
}

/** What a feature that is there does besides. */
function moreOf(
  project: Project,
  names: Names,
  abilities: readonly Ability[],
  lists: readonly string[],
): Changes {
  const able = abilities.length > 0 ? moreAbilities(project, names, abilities) : new Map<string, string>();
  if (lists.length === 0) return able;
  const { changes, costs } = moreLists(changed(project, able), names, { lists, search: [], stats: [] });
  for (const line of costs) process.stderr.write(`${line}\n`);
  return new Map([...able, ...changes]);
}

/** @throws Refusal for what no resource can declare */
function abilityOf(text: string): Ability {
  const ability = ABILITIES.find((each) => each === text);
  return ability ?? refuse(`--add takes ${ABILITIES.join(', ')}, not "${text}"`);
}
