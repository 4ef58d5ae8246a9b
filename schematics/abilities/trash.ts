import ts from 'typescript';
import { withArticle } from '../naming/words.ts';
import type { Edit } from '../source/edit.ts';
import { addMember, classNamed, findNode, methodNamed, MissingPlace } from '../source/places.ts';
import { type Addition, addParameter, edited, type Extended, inTable, withController } from './addition.ts';
import { sectionOf } from '../project/section.ts';

/** Deleting moves to the trash: what is there is listed, restored, and removed for good. */
export const trash: Addition = (project, feature) =>
  new Map([
    withoutRecords(edited(project, feature, 'service', (source) => serviceEdits(source, feature))),
    edited(project, feature, 'dto', (source) => [queryEdit(source, feature)]),
    edited(project, feature, 'controller', (source) => removingEdits(source, feature)),
    ...withController(project, feature, 'trash', controllerSource(feature, sectionOf(project, feature))),
    inTable(project, feature, 'trash'),
  ]);

function serviceEdits(source: ts.SourceFile, { names }: Extended): Edit[] {
  const { Feature, Record } = names;
  const service = classNamed(source, `${Feature}Service`);
  const isType = (node: ts.Node): node is ts.TypeReferenceNode =>
    ts.isTypeReferenceNode(node) && node.getText() === `Records<${Record}>`;
  const records = findNode(service, isType);
  if (!records) throw new MissingPlace(`Records<${Record}> in the constructor`);
  const methods = `  purge(scope: Scope, id: string, ifMatch: Precondition): Promise<void> {
    return this.records.purge(scope, id, ifMatch);
  }

  restore(scope: Scope, id: string, ifMatch: Precondition): Promise<${Record}> {
    return this.records.restore(scope, id, ifMatch);
  }
`;
  return [
    { from: records.getStart(), to: records.end, text: `TrashRecords<${Record}>` },
    addMember(service, methods),
  ];
}

/** The import of what `TrashRecords` has taken the place of. */
function withoutRecords([path, text]: [string, string]): [string, string] {
  const isUsed = /\bRecords</.test(text);
  return [path, isUsed ? text : text.replace(/^import type \{ Records \} from '[^']*';\n/m, '')];
}

function queryEdit(source: ts.SourceFile, { names, shared }: Extended): Edit {
  const { Feature, resources } = names;
  const property = `  @ApiProperty({ description: 'List ${resources} in the trash instead.', example: true })
  @QueryFlag()
  trash?: boolean;
`;
  return addMember(classNamed(source, `List${Feature}Query`), property, shared ? undefined : 'owner');
}

/** The handler of DELETE takes `permanent`. */
function removingEdits(source: ts.SourceFile, { names }: Extended): Edit[] {
  const remove = methodNamed(classNamed(source, `${names.Feature}Controller`), 'remove');
  const isCall = (node: ts.Node): node is ts.CallExpression =>
    ts.isCallExpression(node) && node.expression.getText() === 'this.service.remove';
  const call = remove.body && findNode(remove.body, isCall);
  if (!call) throw new MissingPlace('this.service.remove(…) in remove');
  const given = call.arguments.map((each) => each.getText()).join(', ');
  const text = `(permanent ? this.service.purge(${given}) : ${call.getText()})`;
  return [
    ...addParameter(remove, '{ permanent }', '@Query() { permanent }: RemoveQuery'),
    { from: call.getStart(), to: call.end, text },
    ...describedEdits(remove, names),
  ];
}

/** What the documentation says of DELETE, where it has said nothing. */
function describedEdits(remove: ts.MethodDeclaration, { resource }: Extended['names']): Edit[] {
  const summary = `summary: 'Delete ${withArticle(resource)}',`;
  const isOperation = (node: ts.Node): node is ts.Decorator =>
    ts.isDecorator(node) && node.expression.getText().startsWith('ApiOperation(');
  const operation = findNode(remove, isOperation);
  const at =
    operation && !operation.getText().includes('description:') ? operation.getText().indexOf(summary) : -1;
  if (!operation || at < 0) return [];
  const end = operation.getStart() + at + summary.length;
  const text = " description: 'It can be restored for 30 days, unless `permanent` is sent.',";
  return [{ from: end, to: end, text }];
}

function controllerSource({ names, shared }: Extended, section: string): string {
  const { Record, Feature, records, plural, resource } = names;
  const access = shared ? `@Requires(${records}.may.write)` : `@OwnerOr(${records}.may.write)`;
  return `
${section}
@Controller('api/v1/${plural}')
export class ${Feature}TrashController {
  constructor(private readonly service: ${Feature}Service) {}

  @Post(':id/restore')
  ${access}
  @ApiOperation({
    summary: 'Restore ${withArticle(resource)}',
    description: 'Takes it out of the trash and increments its version.',
    operationId: 'restore${Record}',
  })
  @Answers(${Record}Dto, { errors: ${records}.errors.update })
  async restore(
    @CurrentScope() scope: Scope,
    @Param() { id }: IdParams,
    @IfMatch() ifMatch: Precondition,
  ): Promise<${Record}Dto> {
    return ${Record}Dto.from(await this.service.restore(scope, id, ifMatch));
  }
}
`;
}
