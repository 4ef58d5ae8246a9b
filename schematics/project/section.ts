import ts from 'typescript';
import type { Names } from '../naming/names.ts';
import { parse } from '../source/edit.ts';
import { classNamed, findNode, MissingPlace } from '../source/places.ts';
import { byShape, filesOf } from './layout.ts';
import type { Project } from './project.ts';

/** The heading in the documentation, as the feature's controller has it. */
export function sectionOf(project: Project, { names }: { readonly names: Names }): string {
  return byShape(project, filesOf(names).controller, (text) => {
    const isSection = (node: ts.Node): node is ts.Decorator =>
      ts.isDecorator(node) && node.expression.getText().startsWith('ApiSection(');
    const section = findNode(classNamed(parse(text), `${names.Feature}Controller`), isSection);
    if (!section) throw new MissingPlace('@ApiSection');
    return section.getText();
  });
}
