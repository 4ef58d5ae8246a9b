import type { Ability } from '../specification/feature.ts';
import type { Names } from '../naming/names.ts';
import { refuse } from '../naming/refusal.ts';
import { withAdditions } from './abilities.ts';
import { withAbilities } from '../source/schema-edit.ts';
import { byShape, filesOf, textOf } from '../project/layout.ts';
import type { Changes, Project } from '../project/project.ts';

/**
 * What a feature that is there writes to be able to do more, before it is formatted.
 * @throws Refusal when it cannot, or can already
 */
export function moreAbilities(project: Project, names: Names, abilities: readonly Ability[]): Changes {
  const { dto, schema } = filesOf(names);
  const text = project.read(schema);
  if (text === undefined) refuse(`There is no feature ${names.plural}: ${schema} is missing`);
  const marked = withRichMarked(text, textOf(project, dto));
  return new Map([
    [schema, byShape(project, schema, () => withAbilities(marked, abilities, names))],
    ...withAdditions(project, { names, shared: isShared(text) }, abilities),
  ]);
}

/** Whether its records belong to nobody. */
function isShared(schema: string): boolean {
  return /\bshared: true\b/.test(schema);
}

/** Fields of rich text that older releases wrote have no mark in the schema: their values would be copied. */
function withRichMarked(schema: string, dto: string): string {
  const rich = [...dto.matchAll(/@RichText\([^)]*\)\s+(\w+)[!?]:/g)].map(([, name]) => name);
  return rich.reduce((text: string, name) => {
    const prop = new RegExp(
      String.raw`@Prop\(\{ type: String(?![^\n]*rich: true)([^\n]*)(\}\)\s+${name}[!?]:)`,
    );
    return text.replace(prop, '@Prop({ type: String, rich: true$1$2');
  }, schema);
}
