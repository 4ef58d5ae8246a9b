import { globSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ENCODINGS } from './platform/http/compression.js';
import { pack, packedPath, type StaticFile } from './platform/http/static-file.js';

/**
 * Part of the build: compresses what the product serves as small as it gets, which takes seconds. Each `*.files.ts`
 * exports a function `staticFiles` that reads what its module serves.
 */
for (const path of globSync('**/*.files.js', { cwd: import.meta.dirname })) {
  const url = pathToFileURL(join(import.meta.dirname, path)).href;
  const { staticFiles } = (await import(url)) as { staticFiles: () => readonly StaticFile[] };
  for (const file of staticFiles()) {
    for (const encoding of ENCODINGS) {
      const packed = packedPath(encoding, file);
      mkdirSync(dirname(packed), { recursive: true });
      writeFileSync(packed, pack(encoding, file.body, true));
    }
  }
}
