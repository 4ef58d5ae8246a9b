import { readFileSync } from 'node:fs';
import { format } from 'oxfmt';

/** A file's text as the project writes it. @throws Error where it is no TypeScript */
export async function formatted(root: string, path: string, text: string): Promise<string> {
  if (!path.endsWith('.ts')) return text;
  const settings = readFileSync(`${root}/.oxfmtrc.json`, 'utf8');
  const { code, errors } = await format(path, text.trimStart(), JSON.parse(settings));
  if (errors[0]) throw new Error(`${path}: ${errors[0].message}`);
  return code;
}
