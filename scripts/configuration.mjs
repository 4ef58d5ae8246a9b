/**
 * `npm run configuration`: writes docs/configuration.md and .env.example from the classes in *.config.ts.
 * With `--check` it writes nothing and fails when one of them is out of date.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { CONFIG_CLASSES } from '../dist/platform/config/config-classes.js';
import { variablesOf } from '../dist/platform/config/env.js';
import { formattedMarkdown } from './write-markdown.mjs';

const ROOT = join(import.meta.dirname, '..');
const SOURCES = globSync('src/{platform,modules}/*/*.config.ts', { cwd: ROOT });

/** The doc comment of every property of the classes, on one line, by class and property. */
function comments() {
  const texts = new Map();
  for (const file of SOURCES) {
    const text = readFileSync(join(ROOT, file), 'utf8');
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    for (const declaration of source.statements.filter(ts.isClassDeclaration)) {
      for (const property of declaration.members.filter(ts.isPropertyDeclaration)) {
        const all = ts
          .getJSDocCommentsAndTags(property)
          .map(({ comment }) => ts.getTextOfJSDocComment(comment) ?? '');
        const key = `${declaration.name?.text}.${property.name.getText(source)}`;
        texts.set(key, all.join(' ').replaceAll(/\s+/g, ' ').trim());
      }
    }
  }
  return texts;
}

/** The text that sets the variable to this default; empty when that is the same as not setting it. */
function textOf(value) {
  return Array.isArray(value) ? value.join(',') : String(value ?? '');
}

function defaultOf({ default: value, productionDefault, requiredInProduction }) {
  const text = textOf(value);
  const usual = text === '' ? '–' : `\`${text}\``;
  if (requiredInProduction) return `${usual}; **required in production**`;
  return productionDefault === undefined ? usual : `${usual}; in production \`${textOf(productionDefault)}\``;
}

const RESERVED = '_Reserved: checked at start; nothing uses it yet._';

function row(variable, comment) {
  const meaning = variable.reserved ? `${comment} ${RESERVED}` : comment;
  const cells = [defaultOf(variable), variable.kind.accepts, meaning];
  const written = cells.map((cell) => cell.replaceAll('|', String.raw`\|`).replaceAll('<', '&lt;'));
  return `| \`${variable.name}\` | ${written.join(' | ')} |`;
}

function documentation(variables, commentOf) {
  return `<!-- Made by \`npm run configuration\` from the *.config.ts in src: change it there. -->

# Configuration

Everything is set by environment variables. They are read once, at the start; a file \`.env\` in the working
directory adds what the environment does not set. An empty text counts as not set, so it hides nothing in \`.env\`.

Values that are not accepted, halves of pairs and guessable secrets stop the start with exit code 78: every fault
is listed by the name of its variable, and no value is printed.

<!-- prettier-ignore -->
| Variable | Default | Accepted | Meaning |
| --- | --- | --- | --- |
${variables.map((variable) => row(variable, commentOf(variable))).join('\n')}

## The file .env

One \`NAME=value\` a line, in UTF-8; \`export\` in front, spaces around the equals sign, a byte order mark and Windows
line ends do not matter. Lines that begin with \`#\` are comments. Nothing is dropped, cut or replaced: a start is refused
(78, with the line) when that would happen or may have been meant.

| To write | Write |
| --- | --- |
| a value with \`#\`, quotes, a backslash or a \`$\` that could be taken for a variable | \`NAME='value'\`: all of it as it is |
| a comment | on a line of its own, or behind a closing quote |
| the value of another variable | the value itself: \`$NAME\` and \`\${NAME}\` are not expanded |

A name that is close to one above is a typo and refused; other names are handed on to the process and listed at the start.

## MONGODB_URI

It says how the database is reached. Options that would change what an answer or an acknowledgement means are taken only
as the product needs them: \`readPreference=primary\`, \`w=majority\`, \`journal=true\`, \`retryReads=true\`,
\`retryWrites=true\`, \`readConcernLevel=local\` or \`majority\`. Any other value stops the start, since a session that has
ended must not be read from a secondary that lags. Times and pools are the product's own; only
\`serverSelectionTimeoutMS\` may be set: how long a start or a command waits for the database (30 s). Free are
\`appName\`, \`authSource\`, \`authMechanism\`, \`authMechanismProperties\`, \`compressors=zlib\`, \`zlibCompressionLevel\`,
\`directConnection\`, \`loadBalanced\`, \`replicaSet\`, \`srvMaxHosts\`, \`srvServiceName\` and the \`tls\` options. An option that
is not named here stops the start.
`;
}

/** Up to the first full stop that ends a sentence. */
function firstSentence(comment) {
  return /^.*?[.](?= |$)/.exec(comment)?.[0] ?? comment;
}

function example(variables, commentOf) {
  const entries = variables.map((variable) => {
    const marks = [
      variable.requiredInProduction && 'Required in production.',
      variable.reserved && 'Reserved: nothing uses it yet.',
    ];
    const about = [firstSentence(commentOf(variable)), ...marks].filter(Boolean).join(' ');
    return `# ${about}\n# ${variable.name}=${textOf(variable.default)}\n`;
  });
  return `# Made by \`npm run configuration\` from the *.config.ts in src. docs/configuration.md says more.
# Development needs none of these: copy this file to .env and set what should be different.

${entries.join('\n')}`;
}

const texts = comments();
const variables = CONFIG_CLASSES.flatMap((type) =>
  variablesOf(type).map((variable) => ({ ...variable, type: type.name })),
);
const commentOf = ({ name, property, type }) => {
  const comment = texts.get(`${type}.${property}`);
  if (!comment) {
    process.stderr.write(`${name} has no doc comment: write one above ${type}.${property}\n`);
    process.exit(1);
  }
  return comment;
};
const files = {
  'docs/configuration.md': await formattedMarkdown(documentation(variables, commentOf)),
  '.env.example': example(variables, commentOf),
};

function read(file) {
  try {
    return readFileSync(join(ROOT, file), 'utf8');
  } catch {
    return undefined;
  }
}

for (const [file, text] of Object.entries(files)) {
  if (read(file) === text) continue;
  if (process.argv.includes('--check')) {
    process.stderr.write(`${file} is out of date: run \`npm run configuration\`\n`);
    process.exitCode = 1;
  } else {
    writeFileSync(join(ROOT, file), text);
  }
}
