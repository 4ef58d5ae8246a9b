import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { isOf, mayUseParts, OPTIONAL_PARTS } from './support/optional-parts.js';
import { RAW_MODELS } from './support/raw-models.js';
import { expectNone, IS_BASE } from './support/rules.js';
import { findCycle, indexesWithoutReason, readSources, type SourceFile } from './support/source-tree.js';

const source = readSources('src/**/*.ts');
const production = source.filter(({ path }) => !path.endsWith('.spec.ts'));
const generator = readSources('schematics/**/*.ts');
const everything = [...source, ...generator, ...readSources('test/**/*.ts', 'scripts/**/*.mjs')];

/** `platform`, or `modules/projects`. */
function roomOf(path: string): string {
  const [, floor, feature] = path.split('/');
  return floor === 'modules' ? `modules/${feature}` : (floor ?? '');
}

/** The files of a feature that others may import: its module, what that exports, and the shapes it answers. */
function doorsOf(feature: string): ReadonlySet<string> {
  const files = production.filter(({ path }) => roomOf(path) === feature);
  const module = files.find(({ path }) => path.endsWith('.module.ts'));
  const [, exported = ''] = /\bexports: \[([^\]]*)\]/.exec(module?.text ?? '') ?? [];
  const names = exported.split(',').map((name) => name.trim());
  const isDoor = ({ path, text }: SourceFile) =>
    path.endsWith('.module.ts') ||
    path.endsWith('.config.ts') ||
    path.endsWith('.dto.ts') ||
    path.endsWith('.errors.ts') ||
    path.endsWith('.events.ts') ||
    path.endsWith('.mail.ts') ||
    names.some((name) => name && text.includes(`export class ${name} `));
  return new Set(files.filter(isDoor).map(({ path }) => path));
}

/** Every import that breaks a rule, as `from → to`. */
function importsThat(breaksRule: (from: string, to: string) => boolean): string[] {
  return production.flatMap(({ path, imports }) =>
    imports.filter((to) => breaksRule(path, to)).map((to) => `${path} → ${to}`),
  );
}

describe('the architecture', () => {
  it('has a platform that knows no feature', () => {
    expectNone(
      importsThat((from, to) => roomOf(from) === 'platform' && to.startsWith('src/modules/')),
      'The platform must not import a feature: pass in what it needs from the feature, or move the code there',
    );
  });

  it('has a database that reaches nothing of HTTP, by way of no other file either', () => {
    const importsOf = new Map(production.map(({ path, imports }) => [path, imports]));
    const reached = new Set(importsOf.keys().filter((path) => path.startsWith('src/platform/database/')));
    for (const path of reached) for (const next of importsOf.get(path) ?? []) reached.add(next);
    expectNone(
      [...reached].filter((path) => path.startsWith('src/platform/http/')),
      'The database must not depend on HTTP: move what both need below it, such as to src/platform/validation',
    );
  });

  it('lets a feature use another one only through its module, what that exports, its DTOs, errors and events', () => {
    const reachesIn = (from: string, to: string) =>
      from.startsWith('src/modules/') &&
      to.startsWith('src/modules/') &&
      roomOf(from) !== roomOf(to) &&
      !doorsOf(roomOf(to)).has(to);
    expectNone(
      importsThat(reachesIn),
      'A feature must not import the internals of another one: add the class to the exports of its module',
    );
  });

  it('works on raw Mongoose models only where it says why', () => {
    const isRaw = ({ path, text }: SourceFile) =>
      /@InjectModel\(/.test(text) || (path.startsWith('src/modules/') && /@InjectConnection\(/.test(text));
    const raw = production.filter(isRaw).map(({ path }) => path);
    expectNone(
      raw.filter((path) => !Object.hasOwn(RAW_MODELS, path)),
      'Write `@InjectRecords(things) records: Records<Thing>`, which keeps owners apart, instead of the raw model. ' +
        'Where that cannot do it, add the file and the reason to test/support/raw-models.ts',
    );
    const files = new Set(production.map(({ path }) => path));
    expectNone(
      Object.keys(RAW_MODELS).filter((path) => files.has(path) && !raw.includes(path)),
      'Take what no longer uses a raw model out of test/support/raw-models.ts',
    );
  });

  it.each(OPTIONAL_PARTS.map((part) => [part.module, part] as const))(
    'knows nothing of %s but its line in app.module.ts',
    (module, part) => {
      const files = production.filter(({ path }) => isOf(part, path));
      if (IS_BASE) expect(files.some(({ text }) => text.includes(`export class ${module} `))).toBe(true);
      // Those that cannot do without it go with it.
      const group = OPTIONAL_PARTS.filter((each) => each === part || part.neededBy?.includes(each.module));
      const isOutside = (path: string) =>
        path !== 'src/app.module.ts' && !mayUseParts(path) && !group.some((each) => isOf(each, path));
      expectNone(
        importsThat((from, to) => isOutside(from) && isOf(part, to)),
        `${module} is optional: let it register what it brings, instead of importing it, or use it in a feature of your own or an executor`,
      );
    },
  );

  it('has migrations that no later change of the code can change: they use nothing of it', () => {
    const reachesOut = (from: string, to: string) =>
      /^src\/migrations\/\d/.test(from) && to !== 'src/platform/migrations/migration.ts';
    expectNone(
      importsThat(reachesOut),
      'A migration must import nothing but migration.js: copy what it needs, so that it stays as it was',
    );
  });

  it.each([
    ['product', production],
    ['generator', generator],
  ])('has no cycle of files in the %s', (_, files) => {
    const cycle = findCycle(new Map(files.map(({ path, imports }) => [path, imports])));
    expectNone(cycle ?? [], 'Files must not import each other in a circle: move what both need to a third');
  });

  it.each([
    ['product', production],
    ['generator', generator],
  ])('has no cycle of rooms in the %s', (_, all) => {
    // The executors of a feature have a folder of their own for order alone.
    const roomOfFile = (path: string) =>
      path
        .split('/')
        .slice(0, -1)
        .join('/')
        .replace(/^(src\/modules\/[^/]+)\/executors$/, '$1');
    const rooms = Map.groupBy(all, ({ path }) => roomOfFile(path));
    const graph = new Map(
      [...rooms].map(([room, files]) => {
        const others = files.flatMap(({ imports }) => imports.map(roomOfFile)).filter((to) => to !== room);
        return [room, new Set(others)];
      }),
    );
    expectNone(
      findCycle(graph) ?? [],
      'Folders must not import each other in a circle: move the file that closes it',
    );
  });

  it('reads the environment in the configuration only', () => {
    const readers = production.filter(({ text }) => /\bprocess\.env\b/.test(text)).map(({ path }) => path);
    expectNone(
      readers.filter((path) => path !== 'src/platform/config/load.ts'),
      'Declare the variable with @Env in a <feature>.config.ts and inject its class, instead of process.env',
    );
  });

  it("finds a client's address in one place, which believes only what is one", () => {
    const allowed = /^src\/platform\/(http\/client-address|monitoring\/metrics\.controller)\.ts$/;
    const readers = production.filter(({ text }) =>
      /\b(request\.ips?|remoteAddress)\b|[{,] ips? [,}]/.test(text),
    );
    expectNone(
      readers.map(({ path }) => path).filter((path) => !allowed.test(path)),
      'Use `request.clientAddress`, which believes X-Forwarded-For only from trusted proxies',
    );
  });
});

/** What the base holds itself to. A product may do otherwise. */
if (IS_BASE) {
  describe("the base's own taste", () => {
    it('makes MACs in one place, each with a key for its purpose', () => {
      const makers = production.filter(({ text }) => /\bcreateHmac\b/.test(text)).map(({ path }) => path);
      expect(makers).toEqual(['src/platform/crypto/keyed-mac.ts']);
    });

    it('says beside each index which query it serves', () => {
      const silent = production.flatMap(indexesWithoutReason);
      expectNone(silent, 'Write above the index which query it serves');
    });

    it.each([
      ['**/*', 300],
      ['.controller.ts', 150],
      ['.service.ts', 250],
      ['main.ts', 60],
    ])('keeps %s within %d lines', (ending, limit) => {
      const files = everything.filter(({ path }) => ending === '**/*' || path.endsWith(ending));
      const long = files.filter(({ lines }) => lines > limit).map(({ path, lines }) => `${path}: ${lines}`);
      expect(files).not.toHaveLength(0);
      expectNone(long, 'Split the file by what its parts do');
    });

    it('has no drawers and no barrels', () => {
      const drawers = everything.filter(({ path }) =>
        /\/(utils?|helpers?|common|misc|shared)\/|\/index\.ts$/.test(path),
      );
      expectNone(
        drawers.map(({ path }) => path),
        'Name the folder after what its files have in common',
      );
    });
  });
}

if (IS_BASE) {
  describe('docs/architecture.md', () => {
    const page = readFileSync('docs/architecture.md', 'utf8');
    const [, picture = ''] = /```mermaid\n(.*?)```/s.exec(page) ?? [];
    const pathOf = new Map(
      [...picture.matchAll(/^ *(\w+)\["([\w/.-]+\.ts)<br>/gm)].map(([, name = '', path]) => [
        name,
        `src/${path}`,
      ]),
    );
    const arrows = (kind: string) =>
      [...picture.matchAll(/^ *(\w+) (-->|==>|-\.->)(?:\|\w+\|)? (\w+)$/gm)]
        .filter(([, , each]) => each === kind)
        .map(([, from = '', , to = '']) => ({ from: pathOf.get(from), to: pathOf.get(to) ?? to }));
    const fileAt = (path = '') => production.find((file) => file.path === path);

    it('draws imports that there are', () => {
      expect(pathOf.size).toBeGreaterThan(20);
      const drawn = arrows('-->');
      expect(drawn.length).toBeGreaterThan(5);
      expect(drawn.filter(({ from, to }) => !fileAt(from)?.imports.includes(to))).toEqual([]);
    });

    it('draws every hook that the application installs, in its order, up to the handler', () => {
      const { text, imports } = fileAt('src/app.ts') ?? { text: '', imports: [] };
      const [, body = ''] = text.split('export async function createApp');
      const installed = [...body.matchAll(/\b(install\w+)\(fastify/g)].map(([, name = '']) =>
        imports.find((path) => fileAt(path)?.text.includes(`export function ${name}(`)),
      );
      const hooks = arrows('==>').map(({ to }) => to);
      expect(hooks.at(-1)).toBe('src/modules/projects/projects.controller.ts');
      expect([...hooks.slice(0, -1), 'src/platform/http/answers.ts']).toEqual(installed);
    });

    it('names every room of the platform', () => {
      const rooms = new Set(
        production.flatMap(({ path }) => /^src\/platform\/([^/]+)/.exec(path)?.[1] ?? []),
      );
      expect(rooms.size).toBeGreaterThan(10);
      expectNone(
        [...rooms].filter((room) => !page.includes(`| \`${room}\` `)),
        'Say in docs/architecture.md what the folder holds',
      );
    });

    it('leads to what it names, for twenty changes and more, in three files at most', () => {
      const [, table = ''] = page.split(/^## Where to change what$/m);
      const rows = table.split('\n').filter((line) => /^\| (?!I want|-)/.test(line));
      const places = rows.map((row) =>
        [...row.matchAll(/`@?(\w+)(?:\(\w*\))?` (?:in|of) [^|[]*\[[^\]]+\]\(\.\.\/([^)]+)\)/g)].map(
          ([, name = '', path = '']) => ({ name, path }),
        ),
      );
      expect(rows.length).toBeGreaterThanOrEqual(20);
      expect(rows.filter((_, index) => !places[index] || places[index].length === 0)).toEqual([]);
      expect(rows.filter((row) => (row.match(/\]\(/g) ?? []).length > 3)).toEqual([]);
      const absent = places.flat().filter(({ name, path }) => !readFileSync(path, 'utf8').includes(name));
      expect(absent).toEqual([]);
    });
  });
}
