import type { Rule } from '@angular-devkit/schematics';
import { ableFeature } from '../abilities/able-feature.ts';
import { moreAbilities } from '../abilities/more-abilities.ts';
import { refuse } from '../naming/refusal.ts';
import { filesOf } from '../project/layout.ts';
import { moreLists } from '../project/more-lists.ts';
import { withoutFeature } from '../project/removal.ts';
import { changed, type Changes, type Project } from '../project/project.ts';
import { notedRuleOf, ruleOf } from '../project/rule.ts';
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
  readonly remove?: boolean;
  readonly drop?: boolean;
  readonly force?: boolean;
}

/** What a feature has that nobody has said anything about: the fields of a project. */
const USUAL_FIELDS = ['name:string:required:unique:max=100', 'description:text:max=500', 'metadata:object'];

/** `nest g feature invoices`, and `npm run feature`. */
export function feature(options: Options): Rule {
  return options.remove ? removal(options) : addition(options);
}

/** `npm run feature -- invoices --remove` */
function removal({ name, drop = false, force = false }: Options): Rule {
  const args = [name, '--remove', ...(drop ? ['--drop'] : [])];
  return notedRuleOf('feature', args, (project) => withoutFeature(project, namesOf(name), drop), force);
}

function addition({ name, fields = [], shared = false, lists = [], add = [] }: Options): Rule {
  const abilities = add.flatMap((each) => each.split(',')).map(abilityOf);
  const twice = abilities.find((each, index) => abilities.indexOf(each) !== index);
  const listed = lists.flatMap((list) => ['--list', list]);
  const added = add.flatMap((each) => ['--add', each]);
  const args = [name, ...fields, ...listed, ...added, ...(shared ? ['--shared'] : [])];
  return ruleOf('feature', args, (project) => {
    const names = namesOf(name);
    if (twice !== undefined) refuse(`--add has ${twice} twice`);
    const isThere = project.read(filesOf(names).schema) !== undefined;
    if (isThere && fields.length === 0 && abilities.length + lists.length > 0) {
      return moreOf(project, names, abilities, lists);
    }
    if (lists.length > 0 && fields.length === 0) {
      refuse(`There is no feature ${name}; --list for a new feature needs its fields in the same command`);
    }
    const described = fields.length > 0 ? fields : USUAL_FIELDS;
    const planned = { ...featureOf(names, described, lists, shared), abilities };
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
