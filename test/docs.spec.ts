import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { VALUED } from '../schematics/types/flags.ts';
import { FIELD_TYPES, TYPES } from '../schematics/types/types.ts';
import { EVENTS } from '../src/platform/logging/events.js';
import { eventOf } from '../src/platform/subscriptions/record-event.js';
import { OPTIONAL_PARTS } from './support/optional-parts.js';
import { pages, tableOf, textOf } from './support/pages.js';
import { expectNone, IS_BASE } from './support/rules.js';
import { typeFaults } from './support/type-check.js';

const GUIDE = 'docs/adding-a-feature.md';
/** GitHub's names of a page's headings, as links use them. */
function anchorsOf(text: string): string[] {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

describe('the documentation', () => {
  it('has no link that leads nowhere', () => {
    const links = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => ({ path, target })),
    );
    const broken = links.filter(({ path, target }) => {
      if (/^https?:/.test(target)) return false;
      const [file = '', anchor] = target.split('#');
      const found = file === '' ? path : join(dirname(path), file);
      if (!existsSync(found)) return true;
      return anchor !== undefined && !anchorsOf(readFileSync(found, 'utf8')).includes(anchor);
    });
    expect(links.length).toBeGreaterThan(10);
    expectNone(
      broken.map(({ path, target }) => `${path}: ${target}`),
      'Mend the link or what it leads to',
    );
  });

  it('names no command that npm does not have', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      scripts: Record<string, string>;
    };
    const named = pages.flatMap(({ text }) =>
      [...text.matchAll(/\bnpm (?:run (?:--silent )?([\w:-]+)|(start|test))\b/g)].map(
        ([, run, own]) => run ?? own,
      ),
    );
    expect(named.length).toBeGreaterThan(10);
    expectNone(
      [...new Set(named)].flatMap((name = '') => (Object.hasOwn(scripts, name) ? [] : [name])),
      'Add the script to package.json, or name another one',
    );
  });
});

/** What the base holds its own pages to. A product may do otherwise. */
if (IS_BASE) {
  describe('the pages of the base', () => {
    it('lists every domain event as the code has it, and no other', async () => {
      const declared = globSync('src/**/*.events.ts').map(
        (path) => import(`../${path}`) as Promise<Readonly<Record<string, typeof EVENTS>>>,
      );
      const features = (await Promise.all(declared)).flatMap((each) => Object.values(each));
      expect(features.length).toBeGreaterThan(5);
      const events = [EVENTS, ...features].flatMap((each) => Object.values(each));
      const rows = events.map(({ name, level, about }) => [name, level, about]);
      const byName = ([a = '']: readonly string[], [b = '']: readonly string[]) => a.localeCompare(b);
      expect(tableOf('docs/operations.md', 'Domain events').toSorted(byName)).toEqual(rows.toSorted(byName));
    });

    it('lists every part that can be left out, and what is deleted with it', () => {
      const rows = tableOf('docs/architecture.md', 'What can be left out');
      const listed = rows.flatMap(([, deleted = '']) => deleted.match(/src\/[\w./-]+/g) ?? []);
      const paths = OPTIONAL_PARTS.flatMap((part) => part.paths).filter((path) => path.startsWith('src/'));
      expect(listed.toSorted()).toEqual(paths.toSorted());
      expect(rows).toHaveLength(OPTIONAL_PARTS.length);
    });

    it('lists every technical line of the log, and no other', () => {
      const sources = globSync('src/**/*.ts', { exclude: ['**/*.spec.ts'] }).map((path) =>
        readFileSync(path, 'utf8'),
      );
      const written = sources.flatMap((text) =>
        [...text.matchAll(/\bevent: '(\w+)'/g)].map(([, name]) => name),
      );
      const documented = tableOf('docs/operations.md', 'Technical lines').map(([name]) => name);
      expect(documented.toSorted()).toEqual([...new Set(written)].toSorted());
    });

    it('has a changelog of releases, the newest first, of which none is newer than package.json', () => {
      const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
      const headings = readFileSync('CHANGELOG.md', 'utf8').match(/^## .*$/gm) ?? [];
      expect(headings[0]).toBe('## Unreleased');
      const releases = headings
        .slice(1)
        .map((text) => /^## (\d+\.\d+\.\d+), \d{4}-\d\d-\d\d$/.exec(text)?.[1]);
      const known = [version, ...releases].map((text) =>
        text
          ?.split('.')
          .map((part) => part.padStart(6, '0'))
          .join(),
      );
      expect(known).toEqual(known.toSorted().toReversed());
      expect(known).not.toContain(undefined);
    });

    it('names a test for every attack that was tried', () => {
      const [, tried = ''] = textOf('docs/security.md').split(/^## What was tried$/m);
      const rows = (tried.split(/^## /m)[0] ?? '')
        .split('\n')
        .filter((line) => /^\| (?!Attack |-)/.test(line));
      const tests = rows.map((row) =>
        [...row.matchAll(/`((?:src|test)\/[^`]+\.ts)`/g)].map(([, path = '']) => path),
      );
      expect(rows.length).toBeGreaterThan(40);
      expect(rows.filter((_row, index) => tests[index]?.length === 0)).toEqual([]);
      expect(tests.flat().filter((path) => !existsSync(path))).toEqual([]);
    });

    it('says which flags each type of field takes, as the generator has it', () => {
      const documented = tableOf(GUIDE, 'Types');
      expect(documented).toEqual(
        TYPES.map((type) => {
          const { about, flags } = FIELD_TYPES[type];
          return [type, about, flags.map((flag) => `\`${VALUED.has(flag) ? `${flag}=` : flag}\``).join(' ')];
        }),
      );
    });

    it('lists every field of the event of a record', () => {
      const event = eventOf({
        actor: { kind: 'system' },
        ownerId: undefined,
        action: 'tickets.created',
        record: 'tickets/66f1a0c2e4b0a1b2c3d4e5f7',
        at: new Date(),
        changes: [],
        object: undefined,
        requestId: undefined,
        consumers: new Set(),
      });
      const documented = tableOf('docs/own-behaviour.md', 'The event').map(([name]) => name);
      expect(documented).toEqual(Object.keys(event));
    });

    it('shows of the helpdesk what it has', () => {
      const written = readFileSync('examples/helpdesk/by-hand.patch', 'utf8').replaceAll(
        /^(?:-.*\n|[+ ])/gm,
        '',
      );
      const shown = ['docs/own-behaviour.md', 'docs/executions.md'].flatMap((path) =>
        [...textOf(path).matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = '']) => code),
      );
      const quoted = shown.filter((code) => /ticketAssigned = |closeSome\(scope: /.test(code));
      expect(quoted).toHaveLength(2);
      for (const code of quoted) expect(written).toContain(code);
    });

    it('shows files that compile', () => {
      const blocks = textOf(GUIDE).matchAll(/^`([^`\n]+\.ts)`\n\n```ts\n(.*?)^```$/gms);
      const files = new Map([...blocks].map(([, path = '', code = '']) => [path, code]));
      expect(files.size).toBe(1);
      expect(typeFaults(files)).toEqual([]);
      // The compiler reads most of the project: 3 s alone, more beside other tests.
    }, 120_000);
  });
}
