import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type StaticFile, staticFile } from '../../platform/http/static-file.js';
import { PRODUCT } from '../../product/product.js';

const FOLDER = join(import.meta.dirname, 'web');

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The pages, by their path, and the title of each. */
const PAGES = {
  login: 'Sign in',
  register: 'Create your account',
  forgot: 'Forgot your password?',
  reset: 'Choose a new password',
  verify: 'Confirm your email',
  'email-change': 'Confirm your new email',
  'email-undo': 'Keep your old email',
  dashboard: 'Dashboard',
} as const;

const typeOf = (name: string): string => TYPES[extname(name)] ?? 'application/octet-stream';

function read(...path: string[]): Buffer {
  return readFileSync(join(FOLDER, ...path));
}

/** Everything the console consists of, read once. */
export interface ConsoleFiles {
  readonly pages: readonly (StaticFile & { path: string })[];
  /** What pages load: `path` is the name. */
  readonly files: readonly (StaticFile & { path: string })[];
  /** Stands for the contents of all files together, and in their addresses. */
  readonly version: string;
}

/** The product's accent, which console.css takes for granted. */
function accent(): string {
  const declared = (colors: Readonly<Record<string, string>>): string =>
    Object.entries(colors)
      .map(([name, value]) => `--${name}:${value};`)
      .join('');
  const { light, dark } = PRODUCT.colors;
  return `:root{${declared(light)}}@media (prefers-color-scheme:dark){:root{${declared(dark)}}}\n`;
}

export function readConsoleFiles(): ConsoleFiles {
  const contents = new Map(readdirSync(join(FOLDER, 'files')).map((name) => [name, read('files', name)]));
  contents.set('console.css', Buffer.concat([Buffer.from(accent()), read('files', 'console.css')]));
  // Draws the QR code of a second factor.
  contents.set('uqr.js', readFileSync(fileURLToPath(import.meta.resolve('uqr'))));
  const hash = createHash('sha256');
  for (const [name, body] of contents) hash.update(`${name}\0`).update(body).update('\0');
  const version = hash.digest('base64url').slice(0, 12);

  const layout = read('layout.html').toString();
  const pages = Object.entries(PAGES).map(([page, title]) => {
    const parts: Readonly<Record<string, string>> = {
      page,
      title,
      product: PRODUCT.name,
      key: PRODUCT.key,
      // Relative, so that they work below any path that a proxy serves the product from.
      files: `console/files/${version}`,
      body: read('pages', `${page}.html`).toString(),
      frame: read('frame.html').toString(),
    };
    const fill = (text: string): string =>
      text.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => fill(parts[name] ?? ''));
    return { path: `/${page}`, ...staticFile(typeOf('page.html'), Buffer.from(fill(layout))) };
  });
  return {
    pages,
    files: [...contents].map(([path, body]) => ({ path, ...staticFile(typeOf(path), body) })),
    version,
  };
}

/** What the build compresses. */
export function staticFiles(): readonly StaticFile[] {
  const { pages, files } = readConsoleFiles();
  return [...pages, ...files];
}
