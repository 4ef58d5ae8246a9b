import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
// The package's main file loads the whole of Swagger UI into the server.
import getAbsoluteFSPath from 'swagger-ui-dist/absolute-path.js';
import { type StaticFile, staticFile } from '../http/static-file.js';
import { pageWith, SCRIPT, STYLE } from './page.js';

const CSS = 'text/css; charset=utf-8';
const JAVASCRIPT = 'text/javascript; charset=utf-8';

/** What the page needs of the Swagger UI package; nothing else of it is served. */
const FILES = { 'swagger-ui.css': CSS, 'swagger-ui-bundle.js': JAVASCRIPT, 'favicon-32x32.png': 'image/png' };

/** The page and what it loads. */
export function readDocsFiles(): { page: StaticFile; files: Map<string, StaticFile>; version: string } {
  const folder = getAbsoluteFSPath();
  const files = new Map(
    Object.entries(FILES).map(([name, type]) => [name, staticFile(type, readFileSync(join(folder, name)))]),
  );
  files.set('page.css', staticFile(CSS, Buffer.from(STYLE)));
  files.set('page.js', staticFile(JAVASCRIPT, Buffer.from(SCRIPT)));
  const hash = createHash('sha256');
  for (const { digest } of files.values()) hash.update(digest);
  const version = hash.digest('base64url').slice(0, 12);
  const page = staticFile('text/html; charset=utf-8', Buffer.from(pageWith(`docs/files/${version}`)));
  return { page, files, version };
}

/** What the build compresses. */
export function staticFiles(): readonly StaticFile[] {
  const { page, files } = readDocsFiles();
  return [page, ...files.values()];
}
