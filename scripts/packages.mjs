/**
 * Puts the packages that the code stands on into one file, dist/node_modules/.bundle/index.js, where Node looks first:
 * to find and read their 2,900 files is half of what a start costs. Without the folder dist/node_modules everything
 * works as well, from the packages themselves.
 */
import { createHash } from 'node:crypto';
// As one object: an old Node lacks globSync and should come as far as the message about its age.
import fs from 'node:fs';
import { dirname, join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const FOLDER = 'dist/node_modules';
const CACHE = 'node_modules/.cache/packages';
/** Clones that share node_modules share the bundles, too, and each may need another one. */
const UNUSED_MS = 24 * 3_600_000;

/** What there must be once in a process; packages that depend on one of these come along by themselves. */
const SHARED = ['@nestjs/common', '@nestjs/core', 'fastify', 'mongoose'];
/** What else takes many files. */
const LARGE = new Set([
  '@prometheus-io/client',
  'class-validator',
  'fast-json-stringify',
  'fast-jwt',
  'find-my-way',
  'jose',
  'mongodb',
  'nodemailer',
  'otpauth',
  'rxjs',
  'sanitize-html',
  'standardwebhooks',
]);
/** Loaded by name at run time or found beside their own files, and so left where they are. */
const APART = ['class-transformer', 'pino', 'pino-http', 'reflect-metadata'];

const IMPORT = /^(?:import|export)\b[^'"]*?from '([^.'][^']*)'|^import '([^.'][^']*)'/gm;

const packageOf = (specifier) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

function isBundled(name) {
  if (SHARED.includes(name) || LARGE.has(name)) return true;
  const manifest = join(ROOT, 'node_modules', name, 'package.json');
  if (APART.includes(name) || !fs.existsSync(manifest)) return false;
  const { dependencies, peerDependencies } = JSON.parse(fs.readFileSync(manifest, 'utf8'));
  return SHARED.some((each) => each in { ...dependencies, ...peerDependencies });
}

const importsOf = (pattern) =>
  fs.globSync(pattern, { cwd: ROOT }).flatMap((file) => {
    const imports = fs.readFileSync(join(ROOT, file), 'utf8').matchAll(IMPORT);
    return Array.from(imports, ([, from, alone]) => from ?? alone);
  });

/** What the code imports of bundled packages, and what tests import of the same, such as `@nestjs/common/constants.js`. */
function specifiersOfProject() {
  const code = importsOf('src/**/*.ts');
  const packages = new Set(Array.from(new Set(code.map(packageOf))).filter(isBundled));
  const all = [...code, ...importsOf('test/**/*.ts')].filter((specifier) =>
    packages.has(packageOf(specifier)),
  );
  return [...new Set(all)].toSorted();
}

/** The bundle calls `require` for what is no part of it; relative to it Node finds the packages of the project. */
const PREAMBLE = `import { createRequire as createRequireOfBundle } from 'node:module';
import { dirname as dirnameOfBundle } from 'node:path';
const require = createRequireOfBundle(import.meta.url), __filename = import.meta.filename, __dirname = dirnameOfBundle(__filename);`;

/** Optional packages that are not installed stay what they are: a `require` that fails when it is called. */
const LEAVE_MISSING = {
  name: 'leave-missing',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^[^./]/ }, async ({ path, kind, pluginData, ...place }) => {
      if (
        pluginData === LEAVE_MISSING ||
        !['require-call', 'dynamic-import', 'require-resolve'].includes(kind)
      )
        return;
      const found = await resolve(path, { ...place, kind, pluginData: LEAVE_MISSING });
      return found.errors.length > 0 ? { path, external: true } : found;
    });
  },
};

/** Large packages that most products never use, or not before somebody sends what needs them; used by require alone. */
const ON_DEMAND = /^(?:libphonenumber-js\/max|sanitize-html)$/;

/** What Node has itself, beside what a package carries along for browsers of old. */
const NATIVE = /^whatwg-url$/;

/** 5 MiB of a process that waits: the tables of telephone numbers and of international domains, a parser of CSS. */
const LOAD_ON_DEMAND = {
  name: 'load-on-demand',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: ON_DEMAND }, ({ path, namespace }) =>
      namespace === 'on-demand' ? undefined : { path, namespace: 'on-demand' },
    );
    onLoad({ filter: ON_DEMAND, namespace: 'on-demand' }, ({ path }) => ({
      resolveDir: ROOT,
      contents: `let loaded;
const load = () => (loaded ??= require('${path}'));
module.exports = new Proxy(function () {}, {
  get: (target, name) => (name === '__esModule' ? false : load()[name]),
  apply: (target, self, values) => load()(...values),
});`,
    }));
    onResolve({ filter: NATIVE }, ({ path }) => ({ path, namespace: 'native' }));
    onLoad({ filter: NATIVE, namespace: 'native' }, () => ({
      contents: 'module.exports = { URL, URLSearchParams };',
    }));
  },
};

/**
 * What esbuild had to rename, since one file has the classes of many, by its new name. esbuild's own `keepNames` would
 * name every function again each time that it is made, which costs a request a third more.
 */
function renamedIn(named) {
  const classes = named.matchAll(/\bclass (?!extends\b)([\w$]+)[^{}]*\{static\{__name\(this,"([\w$]+)"\)/g);
  const constructors = named.matchAll(/\b__name\(([A-Z][\w$]*),"([\w$]+)"\)/g);
  const names = [...classes, ...constructors].map(([, renamed, name]) => [renamed, name]);
  return new Map(names.filter(([renamed, name]) => renamed !== name));
}

/** Gives classes and constructors back their names, by which messages, logs and Mongoose's types know them. */
function withNames(code, renamed) {
  const naming = (target, name) =>
    `Object.defineProperty(${target},"name",{value:"${name}",configurable:true})`;
  return code
    .replaceAll(/\bclass (?!extends\b)([\w$]+)[^{}]*\{/g, (head, name) =>
      renamed.has(name) ? `${head}static{${naming('this', renamed.get(name))}}` : head,
    )
    .replaceAll(/(?<=[;{}])function ([A-Z][\w$]*)\(/g, (head, name) =>
      renamed.has(name) ? `${naming(name, renamed.get(name))};${head}` : head,
    );
}

/**
 * V8 keeps the text of a module as long as the module, in two bytes a character when only one of them needs two:
 * 5 MiB more for a few regular expressions, in which esbuild leaves such characters as they are.
 */
const withoutWideCharacters = (code) =>
  code.replaceAll(/[^\0-\x7F]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

async function bundle(specifiers, folder) {
  const { build } = await import('esbuild');
  const options = {
    stdin: {
      contents: specifiers.map((specifier, n) => `export * as package${n} from '${specifier}';`).join('\n'),
      resolveDir: ROOT,
    },
    outfile: join(folder, '.bundle/index.js'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    minifyWhitespace: true,
    legalComments: 'linked',
    external: APART.flatMap((name) => [name, `${name}/*`]),
    banner: { js: PREAMBLE },
    plugins: [LOAD_ON_DEMAND, LEAVE_MISSING],
    logLevel: 'error',
  };
  const [{ outputFiles }] = await Promise.all([
    build({ ...options, keepNames: true, write: false }),
    build(options),
  ]);
  const named = outputFiles.find(({ path }) => path === options.outfile).text;
  const code = fs.readFileSync(options.outfile, 'utf8');
  fs.writeFileSync(options.outfile, withoutWideCharacters(withNames(code, renamedIn(named))));
  fs.writeFileSync(join(folder, '.bundle/package.json'), '{ "type": "module" }\n');
  const packages = Object.groupBy(specifiers.entries(), ([, specifier]) => packageOf(specifier));
  for (const [name, entries] of Object.entries(packages)) {
    const place = join(folder, name);
    fs.mkdirSync(place, { recursive: true });
    const exports = {};
    for (const [n, specifier] of entries) {
      exports[`.${specifier.slice(name.length)}`] = `./${n}.js`;
      fs.writeFileSync(join(place, `${n}.js`), await doorTo(specifier, n, name));
    }
    fs.writeFileSync(join(place, 'package.json'), JSON.stringify({ name, type: 'module', exports }));
  }
}

/** A module that exports what the package exports, names that Node reads out of CommonJS included. */
async function doorTo(specifier, n, name) {
  const names = Object.keys(await import(specifier));
  const plain = ON_DEMAND.test(specifier)
    ? []
    : names.filter((each) => each !== 'default' && each !== 'module.exports');
  return [
    `import { package${n} as all } from '${'../'.repeat(name.split('/').length)}.bundle/index.js';`,
    ...(names.includes('default') ? ['export default all.default;'] : []),
    ...(plain.length > 0 ? [`export const { ${plain.join(', ')} } = all;`] : []),
    '',
  ].join('\n');
}

/** Keeps a bundle, unless another process has made the same meanwhile, and removes those that nobody is making or using. */
export function keep(draft, made) {
  try {
    fs.renameSync(draft, made);
  } catch (error) {
    if (!fs.existsSync(made)) throw error;
    fs.rmSync(draft, { recursive: true });
  }
  for (const entry of fs.readdirSync(dirname(made))) {
    const path = join(dirname(made), entry);
    if (Date.now() - (fs.statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Infinity) < UNUSED_MS)
      continue;
    fs.rmSync(path, { recursive: true, force: true });
  }
}

/** Makes dist/node_modules for what the sources import today; the same set is bundled once for each installation. */
export async function bundlePackages() {
  const specifiers = specifiersOfProject();
  const hash = createHash('sha256').update(JSON.stringify(specifiers));
  for (const file of ['package-lock.json', 'scripts/packages.mjs'])
    hash.update(fs.readFileSync(join(ROOT, file)));
  const digest = hash.digest('hex');
  const made = join(ROOT, CACHE, digest);
  if (fs.existsSync(join(ROOT, FOLDER, '.bundle', digest))) return;
  if (!fs.existsSync(made)) {
    fs.mkdirSync(join(ROOT, CACHE), { recursive: true });
    const draft = fs.mkdtempSync(join(ROOT, CACHE, 'draft-'));
    await bundle(specifiers, draft);
    fs.writeFileSync(join(draft, '.bundle', digest), '');
    keep(draft, made);
  }
  fs.rmSync(join(ROOT, FOLDER), { recursive: true, force: true });
  fs.cpSync(made, join(ROOT, FOLDER), { recursive: true });
}

/** For Jest: the modules of `dist/node_modules` by what is imported. */
export function bundledModules() {
  const modules = {};
  for (const manifest of fs.globSync(`${FOLDER}/{*,@*/*}/package.json`, { cwd: ROOT })) {
    const { name, exports } = JSON.parse(fs.readFileSync(join(ROOT, manifest), 'utf8'));
    for (const [path, file] of Object.entries(exports)) {
      modules[`^${RegExp.escape(name + path.slice(1))}$`] = join(ROOT, manifest, '..', file);
    }
  }
  return modules;
}
