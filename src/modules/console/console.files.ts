import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type StaticFile, staticFile } from '../../platform/http/static-file.js';
import { PRODUCT } from '../../product/product.js';
import { CONSOLE_PAGES, type ConsolePage } from './page-list.js';

const FOLDER = join(import.meta.dirname, 'web');

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};

/** The pages of who is not signed in, by their path, and the title of each. */
const ENTRIES = {
  login: 'Sign in',
  register: 'Create your account',
  forgot: 'Forgot your password?',
  reset: 'Choose a new password',
  verify: 'Confirm your email',
  'email-change': 'Confirm your new email',
  'email-undo': 'Keep your old email',
  invitation: 'Join an organization',
  proved: 'Back to the console',
} as const;

const typeOf = (name: string): string => TYPES[extname(name)] ?? 'application/octet-stream';

function read(...path: string[]): Buffer {
  return readFileSync(join(FOLDER, ...path));
}

/** A page that says why there is no other one, seen from `depth` segments below the product's address. */
type Refusal = (depth: number, content: { readonly title: string; readonly text: string }) => string;

/** Everything the console consists of, read once. */
export interface ConsoleFiles {
  /** Those of who is not signed in, by their path. */
  readonly entries: readonly (StaticFile & { path: string })[];
  /** The frame of all the others, as seen from none, one and two segments below the product's address. */
  readonly shells: readonly StaticFile[];
  /** What pages load: `path` is the name. */
  readonly files: readonly (StaticFile & { path: string })[];
  /** Stands for the contents of all files together, and in their addresses. */
  readonly version: string;
  readonly refusal: Refusal;
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

/**
 * @param pages those that this installation has
 * @param hasReference whether it has Swagger UI, too
 */
export function readConsoleFiles(pages: readonly ConsolePage[], hasReference: boolean): ConsoleFiles {
  const contents = new Map(readdirSync(join(FOLDER, 'files')).map((name) => [name, read('files', name)]));
  contents.set('console.css', Buffer.concat([Buffer.from(accent()), read('files', 'console.css')]));
  // Draws the QR code of a second factor.
  contents.set('uqr.js', readFileSync(fileURLToPath(import.meta.resolve('uqr'))));
  const list = `export const PAGES = ${JSON.stringify(pages)};\nexport const HAS_REFERENCE = ${hasReference};\n`;
  contents.set('page-list.js', Buffer.from(list));
  const hash = createHash('sha256');
  for (const [name, body] of contents) hash.update(`${name}\0`).update(body).update('\0');
  const version = hash.digest('base64url').slice(0, 12);

  const layout = read('layout.html').toString();
  const common = {
    product: PRODUCT.name,
    key: PRODUCT.key,
    frame: read('frame.html').toString(),
    unverified: read('unverified.html').toString(),
  };
  // Relative, so that they work below any path that a proxy serves the product from.
  const below = (depth: number) => ({
    ...common,
    up: '../'.repeat(depth),
    files: `${'../'.repeat(depth)}console/files/${version}`,
  });
  const pageOf = (page: string, title: string, look: string, body: string, depth = 0): StaticFile => {
    const preloads = modulesOf(`${page}.js`, contents)
      .map((name) => `<link rel="modulepreload" href="{{files}}/${name}" />`)
      .join('\n    ');
    const parts = { ...below(depth), page, title, look, body, preloads };
    return staticFile(typeOf('page.html'), Buffer.from(fill(layout, parts)));
  };
  const app = read('app.html').toString();
  const refusal = read('not-found.html').toString();
  return {
    entries: Object.entries(ENTRIES).map(([page, title]) => {
      const body = read('entries', `${page}.html`).toString();
      return { path: `/${page}`, ...pageOf(page, title, 'entry', body) };
    }),
    shells: [0, 1, 2].map((depth) => pageOf('app', 'Console', 'app', app, depth)),
    files: [...contents].map(([path, body]) => ({ path, ...staticFile(typeOf(path), body) })),
    version,
    refusal: (depth, content) => fill(refusal, { ...below(depth), ...content }),
  };
}

/** Fills the places of a template, and those of what it is filled with. */
function fill(text: string, parts: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => fill(parts[name] ?? '', parts));
}

/** A module and all that it imports at once, so that a browser need not find them one after the other. */
function modulesOf(entry: string, contents: ReadonlyMap<string, Buffer>): readonly string[] {
  const found = new Set([entry]);
  for (const name of found) {
    const text = contents.get(name)?.toString() ?? '';
    for (const [, imported = ''] of text.matchAll(/^(?:import|\} from) .*?'\.\/([\w-]+\.js)';$/gm))
      found.add(imported);
  }
  return [...found];
}

/** What the build compresses. */
export function staticFiles(): readonly StaticFile[] {
  const { entries, shells, files } = readConsoleFiles(
    CONSOLE_PAGES.filter(({ development }) => !development),
    true,
  );
  return [...entries, ...shells, ...files];
}
