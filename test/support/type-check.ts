import { dirname, resolve } from 'node:path';
import ts from 'typescript';

/** What the compiler says about files that exist only in `files`, by their paths, among the project's own. */
export function typeFaults(files: ReadonlyMap<string, string>): string[] {
  const texts = new Map([...files].map(([path, text]) => [resolve(path), text]));
  const config = ts.readConfigFile('tsconfig.json', (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, '.');
  const host = ts.createCompilerHost({ ...options, noEmit: true });
  const { fileExists, readFile, directoryExists } = host;
  const folders = new Set([...texts.keys()].map((path) => dirname(path)));
  host.directoryExists = (path) => folders.has(resolve(path)) || directoryExists?.(path) === true;
  host.fileExists = (path) => texts.has(resolve(path)) || fileExists(path);
  host.readFile = (path) => texts.get(resolve(path)) ?? readFile(path);
  const program = ts.createProgram([...texts.keys()], { ...options, noEmit: true }, host);
  return [...texts.keys()].flatMap((path) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(path))
      .map(({ messageText }) => `${path}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`),
  );
}
