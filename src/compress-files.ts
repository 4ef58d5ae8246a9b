import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { readConsoleFiles } from './modules/console/console-files.js';
import { readDocsFiles } from './platform/docs/swagger-ui.js';
import { ENCODINGS } from './platform/http/compression.js';
import { pack, packedPath, type StaticFile } from './platform/http/static-file.js';

/** Part of the build: compresses what the product serves as small as it gets, which takes seconds. */
const { pages, files } = readConsoleFiles();
const docs = readDocsFiles();
const everything: readonly StaticFile[] = [...pages, ...files, docs.page, ...docs.files.values()];
for (const file of everything) {
  for (const encoding of ENCODINGS) {
    const path = packedPath(encoding, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, pack(encoding, file.body, true));
  }
}
