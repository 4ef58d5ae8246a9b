import { writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';

/** Writes a page that a command makes, formatted as the linter wants it. */
export async function writeMarkdown(path, text) {
  writeFileSync(path, await format(text, { ...(await resolveConfig(path)), parser: 'markdown' }));
}
