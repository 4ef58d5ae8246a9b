import { format, resolveConfig } from 'prettier';

/** A file's text as the project writes it. */
export async function formatted(root: string, path: string, text: string): Promise<string> {
  if (!path.endsWith('.ts')) return text;
  return format(text.trimStart(), { ...(await resolveConfig(`${root}/${path}`)), parser: 'typescript' });
}
