/** `npm run product -- Deskhand`: gives the product its name. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { MANIFEST, recorded } from '../schematics/project/manifest.ts';
import { argumentsOf } from './command-line.mjs';
import { requireNode } from './node-version.mjs';

requireNode();
const {
  words: [name],
} = argumentsOf('product');

const FILE = 'src/product/product.ts';
/** It stands in mails of ASCII, whose lines no program may break, and in HTML and URLs as it is. */
const FORM = /^[A-Za-z0-9](?:[A-Za-z0-9 .-]{0,22}[A-Za-z0-9])?$/;

function refuse(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

if (!FORM.test(name)) {
  refuse(
    `'${name}' cannot be the name: take 1 to 24 letters of ASCII, digits, spaces, dots and hyphens, and begin and end with a letter or digit.`,
  );
}
const text = readFileSync(FILE, 'utf8');
const valueOf = (field) =>
  new RegExp(`^ {2}${field}: '([^']*)',$`, 'm').exec(text)?.[1] ??
  refuse(`${FILE} has no line \`${field}: '…',\` any more. Write the name there by hand.`);
const [before, sender, key, prefix] = ['name', 'sender', 'key', 'apiKeyPrefix'].map(valueOf);
const named = text.replace(`  name: '${before}',`, `  name: '${name}',`);
writeFileSync(
  FILE,
  sender === before ? named.replace(`  sender: '${sender}',`, `  sender: '${name}',`) : named,
);

const project = { read: (path) => (existsSync(path) ? readFileSync(path, 'utf8') : undefined) };
writeFileSync(MANIFEST, recorded(project, 'product', [name], new Map()));

process.stderr.write('Bringing the documents up to date …\n');
const stdio = ['ignore', 'ignore', 'inherit'];
const { status } = spawnSync(process.execPath, ['scripts/run.mjs', 'configuration'], { stdio });
if (status !== 0) process.exit(1);

process.stdout.write(`The product is called ${name}: in ${FILE}, which holds its colours, too.
${sender === before ? '' : `Mails are still from ${sender}: change \`sender\` there.\n`}
Kept, since installations in use rely on it:
  key           ${key}
                the cookies ${key}_session and ${key}_device, the Redis keys ${key}:…, the issuer of tokens,
                keys derived from JWT_SECRET, the user and database of the embedded MongoDB, the cache folder
  apiKeyPrefix  ${prefix}
                every API key
Nobody uses the product yet? Then change both in ${FILE} now, and delete .data.

Unchanged: the name of the package, the documentation, and the names in deploy (image, Kubernetes, Prometheus,
nginx). \`git grep -il ${before.toLowerCase()}\` finds them.
Pictures: src/modules/console/web/files/icon.svg and flow.svg; those of the documentation come from
\`npm run build && node scripts/screenshots.mjs\`.
`);
