import { cpSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DatabaseConfig } from '../../src/platform/config/database.config.js';
import { ProjectCopy } from '../schematics/project-copy.ts';
import { OPTIONAL_PARTS, type OptionalPart, partsToLeaveOut } from '../support/optional-parts.js';
import { IS_SOAK } from '../support/soak.js';
import { readSources } from '../support/source-tree.js';
import { testConfig } from '../support/test-app.js';
import { HttpCaller } from './http-caller.js';
import { Installation } from './server-process.js';

const COMPILER = 'node_modules/typescript-native/bin/tsc';
const WEB = 'src/modules/console/web';

/** Tests of what every product has. */
const TESTED = [
  'test/projects',
  'test/auth.e2e',
  'test/records',
  'test/users-administration',
  'test/sessions',
];

/** Commands that go with a part. */
const COMMANDS = [
  ['openapi', 'OpenApiModule'],
  ['keys:rotate', 'EncryptionModule'],
] as const;

/** What features of a product use stays. */
const PARTS = partsToLeaveOut(readSources('src/**/*.ts'));

/** A part, and those that cannot do without it. */
function withDependents(part: OptionalPart): readonly OptionalPart[] {
  return PARTS.filter((each) => each === part || part.neededBy?.includes(each.module));
}

/** All together in the gate, where architecture.spec.ts looks at each; one at a time, too, in the soak. */
const CHOICES = [PARTS, ...(IS_SOAK ? PARTS.map(withDependents) : [])];

describe.each(CHOICES.map((parts) => [parts.map(({ module }) => module).join(', '), parts] as const))(
  'a product without %s',
  (_, parts) => {
    let copy: ProjectCopy;
    let installation: Installation | undefined;

    beforeAll(() => {
      // The tests of the rest are as long as the gate's.
      copy = new ProjectCopy({ SOAK: '0.1' });
      const lines = copy.text('src/app.module.ts').split('\n');
      const kept = lines.filter((line) => !parts.some(({ module }) => line.includes(module)));
      // An import, and the line that takes the part in.
      expect(lines.length - kept.length).toBe(2 * parts.length);
      copy.replace('src/app.module.ts', kept.join('\n'));
      for (const path of parts.flatMap(({ paths }) => paths)) {
        rmSync(join(copy.folder, path), { recursive: true });
      }
    });
    afterAll(async () => {
      await installation?.remove();
      copy.remove();
    });

    it('compiles, starts, and serves the rest', async () => {
      const compiled = await copy.run(COMPILER, '-p', 'tsconfig.build.json', '--checkers', '1');
      expect(compiled).toEqual({ code: 0, output: '' });
      // As the build does: the console's pages are no sources.
      if (existsSync(join(copy.folder, WEB))) {
        cpSync(join(copy.folder, WEB), join(copy.folder, WEB.replace('src', 'dist')), { recursive: true });
      }
      installation = await Installation.create(copy.folder);
      const { url, stdout } = await installation.start({
        MONGODB_URI: testConfig().of(DatabaseConfig).mongodbUri,
      });
      const anonymous = new HttpCaller(url);
      const ada = await anonymous.signIn();
      const created = await ada.send('POST', '/api/v1/projects', { name: 'Without' });
      expect(created.status).toBe(201);
      for (const part of OPTIONAL_PARTS) {
        const [method = '', path = ''] = part.route?.split(' ') ?? [];
        const isThere = path === '' || (await fetch(`${url}${path}`, { method })).status !== 404;
        expect([part.module, isThere]).toEqual([part.module, path === '' || !parts.includes(part)]);
      }
      expect((await anonymous.send('GET', '/health/ready')).status).toBe(200);
      const has = (name: string) => !parts.some(({ module }) => module === name);
      const withCode = { email: 'grace@example.com', password: 'a wrong password', otp: '123456' };
      const { code } = (await anonymous.send('POST', '/api/v1/auth/login', withCode)).body;
      expect(code).toBe(has('SecondFactorModule') ? 'INVALID_CREDENTIALS' : 'VALIDATION_ERROR');
      if (has('OpenApiModule')) {
        const document = await (await fetch(`${url}/docs/json`)).text();
        const isAsked = has('SecondFactorModule');
        expect([document.includes('OTP_REQUIRED'), document.includes('"otp"')]).toEqual([isAsked, isAsked]);
      }
      const console = has('ConsoleModule') ? ['Console'] : [];
      const swaggerUi = has('OpenApiModule') ? ['Swagger UI'] : [];
      const mails = has('MailLinksModule') ? ['Mails'] : [];
      const printed = [...stdout.matchAll(/^ {2}(\w+(?: \w+)?) {2,}\S/gm)].map(([, name]) => name);
      expect(printed).toEqual([...console, 'API', ...swaggerUi, 'Health', 'Data', ...mails]);
    }, 120_000);

    for (const [command, module] of COMMANDS) {
      if (!parts.some((part) => part.module === module)) continue;
      it(`refuses npm run ${command}`, async () => {
        const refused = await installation?.spawn([process.execPath, 'scripts/run.mjs', command], {}).ended;
        expect(refused).toMatchObject({
          code: 64,
          stderr:
            `npm run ${command} belongs to a part that this product does without: ` +
            'see "What can be left out" in docs/architecture.md\n',
        });
      });
    }

    it('documents the variables of the rest', async () => {
      expect(await copy.run('scripts/configuration.mjs')).toEqual({ code: 0, output: '' });
      for (const part of OPTIONAL_PARTS.filter(({ variable }) => variable)) {
        const isShown = copy.text('.env.example').includes(`# ${part.variable}=`);
        const isDocumented = copy.text('docs/configuration.md').includes(`| \`${part.variable}\` |`);
        expect([part.module, isShown, isDocumented]).toEqual([
          part.module,
          !parts.includes(part),
          !parts.includes(part),
        ]);
      }
    });

    if (IS_SOAK) {
      it('passes the tests of the rest', async () => {
        expect(await copy.test(TESTED)).toMatchObject({ code: 0, failures: [] });
      }, 1_200_000);
    }
  },
);
