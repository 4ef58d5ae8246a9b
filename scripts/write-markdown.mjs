import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'oxfmt';

/** The text of a page as the linter wants it. */
export async function formattedMarkdown(text) {
  const settings = readFileSync(join(import.meta.dirname, '../.oxfmtrc.json'), 'utf8');
  const { code, errors } = await format('page.md', text, JSON.parse(settings));
  if (errors.length > 0) throw new Error(errors[0].message);
  return code;
}

/** Writes a page that a command makes. */
export async function writeMarkdown(path, text) {
  writeFileSync(path, await formattedMarkdown(text));
}
