import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { PRODUCT } from './product.js';

/** What the base is called, whatever a product that is made of it calls itself. */
const BASE = /flowversal|fvk_/i;
/** Besides: names of packages and of the files in deploy, which nobody meets at run time, and what benchmarks call the base. */
const ALLOWED = new Set([
  'src/product/product.ts',
  'src/product/product.spec.ts',
  'bench/package.json',
  'bench/servers.mjs',
  'nest-cli.json',
  'schematics/package.json',
  'scripts/schematic.mjs',
  'test/deploy.spec.ts',
  'test/support/nginx.ts',
]);

describe('the product', () => {
  it('has names that fit into mails of ASCII, HTML, cookies and connection strings as they are', () => {
    const shown = /^[A-Za-z0-9](?:[A-Za-z0-9 .-]{0,22}[A-Za-z0-9])?$/;
    expect(PRODUCT.name).toMatch(shown);
    expect(PRODUCT.sender).toMatch(shown);
    expect(PRODUCT.key).toMatch(/^[a-z][a-z0-9-]{0,30}$/);
    expect(PRODUCT.apiKeyPrefix).toMatch(/^[a-z][a-z0-9]{0,14}_$/);
  });

  it('is named in one file: tests and tools ask it', () => {
    const files = globSync([
      '{src,test,schematics,scripts,bench,.ci}/**/*.{ts,mjs,js,json,html,css,svg}',
      '*.{json,mjs}',
    ]).filter((path) => !/node_modules|\/dist\/|package-lock|openapi\.json$|^package\.json$/.test(path));
    const naming = files.filter((path) => BASE.test(readFileSync(path, 'utf8')));
    expect(files.length).toBeGreaterThan(500);
    expect(naming).toContain('schematics/package.json');
    expect(naming.filter((path) => !ALLOWED.has(path))).toEqual([]);
  });
});
