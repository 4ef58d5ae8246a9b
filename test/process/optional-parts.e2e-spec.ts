import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ProjectCopy } from '../schematics/project-copy.ts';
import { IS_SOAK } from '../support/soak.js';
import { testConfig } from '../support/test-app.js';
import { HttpCaller } from './http-caller.js';
import { Installation } from './server-process.js';

/** Parts that a product may do without, each with a route that goes with it. */
const PARTS = [
  { folder: 'src/modules/api-keys', module: 'ApiKeysModule', route: '/api/v1/auth/api-keys' },
  { folder: 'src/modules/console', module: 'ConsoleModule', route: '/login' },
  { folder: 'src/modules/supabase', module: 'SupabaseModule', route: '/api/v1/auth/identities' },
] as const;

const COMPILER = 'node_modules/typescript-native/bin/tsc';

type Part = (typeof PARTS)[number];

/** All together in the gate, and one at a time, too, in the soak. */
const CHOICES: readonly (readonly Part[])[] = [PARTS, ...(IS_SOAK ? PARTS.map((part) => [part]) : [])];

describe.each(CHOICES.map((parts) => [parts.map(({ module }) => module).join(', '), parts] as const))(
  'a product without %s',
  (_, parts) => {
    let copy: ProjectCopy;
    let installation: Installation | undefined;

    beforeAll(() => {
      copy = new ProjectCopy();
      const lines = copy.text('src/app.module.ts').split('\n');
      const kept = lines.filter((line) => !parts.some(({ module }) => line.includes(module)));
      // An import, and the line that takes the part in.
      expect(lines.length - kept.length).toBe(2 * parts.length);
      copy.replace('src/app.module.ts', kept.join('\n'));
      for (const { folder } of parts) rmSync(join(copy.folder, folder), { recursive: true });
    });
    afterAll(async () => {
      await installation?.remove();
      copy.remove();
    });

    it('compiles, starts, and serves the rest', async () => {
      const compiled = await copy.run(COMPILER, '-p', 'tsconfig.build.json', '--checkers', '1');
      expect(compiled).toEqual({ code: 0, output: '' });
      installation = await Installation.create(copy.folder);
      const { url } = await installation.start({ MONGODB_URI: testConfig().mongodbUri });
      const anonymous = new HttpCaller(url);
      const ada = await anonymous.signIn();
      const created = await ada.send('POST', '/api/v1/projects', { name: 'Without' });
      expect(created.status).toBe(201);
      for (const { module, route } of PARTS) {
        const { status } = await fetch(`${url}${route}`);
        expect([module, status === 404]).toEqual([module, parts.some((part) => part.module === module)]);
      }
      expect((await anonymous.send('GET', '/health/ready')).status).toBe(200);
    }, 120_000);
  },
);
