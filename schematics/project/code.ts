import { join, relative, sep } from 'node:path';
import ts from 'typescript';
import { nodesWithin } from '../source/places.ts';
import type { Project } from './project.ts';

/** A name, or a text that may be one. */
type Name = ts.Identifier | ts.StringLiteralLike;
type Text = ts.StringLiteralLike | ts.TemplateHead | ts.TemplateMiddle | ts.TemplateTail;

/** A place of a file that names something. */
export interface Mention {
  readonly node: Name | Text;
  /** Where that is declared: the path of the file and the place of the name. Empty where the compiler does not know. */
  readonly declaredAt: readonly string[];
}

/** How a declaration is told from others. */
export function placeOf(path: string, at: number): string {
  return `${path}:${at}`;
}

/** Files of a project as the compiler understands them, with changes that are not written yet. */
export class Code {
  private readonly project: Project;
  private readonly program: ts.Program;
  private readonly root = process.cwd();

  /** @param paths of the files that are looked at; what they import is read where it needs that */
  constructor(project: Project, paths: readonly string[]) {
    this.project = project;
    const { config } = ts.parseConfigFileTextToJson(
      'tsconfig.json',
      project.read('tsconfig.json') ?? '{}',
    ) as {
      config: { compilerOptions?: object };
    };
    const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions ?? {}, this.root);
    const host = ts.createCompilerHost(options, true);
    this.program = ts.createProgram(
      paths.map((path) => join(this.root, path)),
      options,
      {
        ...host,
        fileExists: (file) => (this.isOwn(file) ? this.read(file) !== undefined : ts.sys.fileExists(file)),
        // Of files that are planned the folder may not be there yet.
        directoryExists: (folder) => this.isOwn(folder) || ts.sys.directoryExists(folder),
        readFile: (file) => this.read(file),
        getSourceFile: (file, version) => {
          const text = this.read(file);
          return text === undefined ? undefined : ts.createSourceFile(file, text, version, true);
        },
      },
    );
  }

  /** The places of a file that may name something, and what they mean; none where they are clearly no such name. */
  mentions(path: string, name: string): Mention[] {
    const source = this.program.getSourceFile(join(this.root, path));
    return (source ? mentionsIn(source, name) : []).flatMap((node): Mention[] => {
      if (!isName(node) || node.text !== name) return [{ node, declaredAt: [] }];
      const declared = declarationsOf(node, this.program.getTypeChecker());
      return declared ? [{ node, declaredAt: declared.map((each) => this.placeOf(each)) }] : [];
    });
  }

  private placeOf(declaration: ts.Declaration): string {
    const node = ts.getNameOfDeclaration(declaration) ?? declaration;
    return placeOf(this.pathOf(declaration.getSourceFile().fileName), node.getStart());
  }

  private read(file: string): string | undefined {
    return this.isOwn(file) ? this.project.read(this.pathOf(file)) : ts.sys.readFile(file);
  }

  private pathOf(file: string): string {
    return relative(this.root, file).replaceAll(sep, '/');
  }

  private isOwn(file: string): boolean {
    return !/^(\.\.|node_modules)(\/|$)/.test(this.pathOf(file));
  }
}

/** Where what a node names is declared; undefined where it names nothing of that kind, such as in a sentence. */
function declarationsOf(node: Name, checker: ts.TypeChecker): readonly ts.Declaration[] | undefined {
  const { parent } = node;
  const within = containerOf(node, checker);
  if (within) return propertyIn(within, node.text, checker)?.declarations ?? [];
  if (!ts.isIdentifier(node)) return [];
  if (ts.isPropertyAccessExpression(parent) && parent.name === node)
    return checker.getSymbolAtLocation(node)?.declarations ?? [];
  const symbol = checker.getSymbolAtLocation(node);
  const meant = symbol && symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  return meant?.declarations;
}

/** The type whose property a node names: what an object is expected to be, what is taken apart, or looked into. */
function containerOf(node: Name, checker: ts.TypeChecker): ts.Type | undefined {
  const { parent } = node;
  const unknown = checker.getUnknownType();
  if (ts.isObjectLiteralElementLike(parent) && parent.name === node)
    return checker.getContextualType(parent.parent as ts.ObjectLiteralExpression) ?? unknown;
  if (ts.isBindingElement(parent) && (parent.propertyName ?? parent.name) === node)
    return ts.isObjectBindingPattern(parent.parent) ? checker.getTypeAtLocation(parent.parent) : undefined;
  if (ts.isElementAccessExpression(parent) && parent.argumentExpression === node)
    return checker.getTypeAtLocation(parent.expression);
  if (ts.isLiteralTypeNode(parent)) return lookedInto(parent, checker);
  // `PickType(CreateTicketDto, ['dueAt'])`
  const call = ts.isStringLiteral(node) ? ts.findAncestor(node, ts.isCallExpression) : undefined;
  const [first] = call?.arguments ?? [];
  if (!first || first === node) return undefined;
  return checker.getTypeAtLocation(first).getConstructSignatures()[0]?.getReturnType();
}

/** `Ticket['dueAt']`, `Pick<Ticket, 'dueAt' | 'status'>` */
function lookedInto(node: ts.LiteralTypeNode, checker: ts.TypeChecker): ts.Type | undefined {
  const outer = ts.isUnionTypeNode(node.parent) ? node.parent.parent : node.parent;
  if (ts.isIndexedAccessTypeNode(outer)) return checker.getTypeFromTypeNode(outer.objectType);
  const [of] = ts.isTypeReferenceNode(outer) ? (outer.typeArguments ?? []) : [];
  return of && checker.getTypeFromTypeNode(of);
}

function propertyIn(type: ts.Type, name: string, checker: ts.TypeChecker): ts.Symbol | undefined {
  const known = checker.getNonNullableType(type);
  const parts = known.isUnion() ? known.types : [known];
  return parts.map((part) => checker.getPropertyOfType(part, name)).find((each) => each !== undefined);
}

function isName(node: ts.Node): node is Name {
  return ts.isIdentifier(node) || ts.isStringLiteralLike(node);
}

function isText(node: ts.Node): node is Text {
  return ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node);
}

/** The names of a file that are called so, and texts that have it where they name something. */
export function mentionsIn(source: ts.SourceFile, name: string): (Name | Text)[] {
  // Paths of faults, and what queries ask for: `lines.3.dueAt`, `?sort=-dueAt`, `dueAt[gte]`.
  const mayName = new RegExp(String.raw`(?:^|[?&=,.-])${name}(?:$|[=[,&.])`);
  return nodesWithin(source).filter(
    (node): node is Name | Text =>
      (isName(node) && node.text === name) ||
      (isText(node) && mayName.test(node.text) && !isPath(node.parent)),
  );
}

/** Whether a text in it is the path of a file. */
function isPath(node: ts.Node): boolean {
  return ts.isImportDeclaration(node) || ts.isExportDeclaration(node);
}
