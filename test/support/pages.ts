import { globSync, readFileSync } from 'node:fs';

/** The documentation. */
export const pages = ['README.md', 'CONTRIBUTING.md', ...globSync('{docs/*,examples/*/README}.md')].map(
  (path) => ({
    path,
    text: readFileSync(path, 'utf8'),
  }),
);

export function textOf(path: string): string {
  return pages.find((page) => page.path === path)?.text ?? '';
}

/** The rows of the table under a heading, without its head; the first cell's backticks are removed. */
export function tableOf(path: string, heading: string): string[][] {
  const [, section = ''] = textOf(path).split(new RegExp(`^#+ ${heading}$`, 'm'));
  const [body = ''] = section.split(/^#/m);
  const rows = body.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((row) => {
    const [name = '', ...cells] = row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim());
    return [name.replaceAll('`', ''), ...cells];
  });
}
