import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fieldCommand } from '../../schematics/project/field-command.ts';
import { namesOf } from '../../schematics/naming/names.ts';
import { PRODUCT } from '../../src/product/product.js';
import { RELEASE } from '../../src/product/release.js';
import { planFeature } from '../schematics/planning.ts';
import { ProjectCopy } from '../schematics/project-copy.ts';
import { compiled } from './lab-feature.js';
import { IS_SOAK } from '../support/soak.js';

const NEXT = '90.0.0';
/** What of the merged project is tested: everything in a soak, what both sides have touched in the gate. */
const TESTED = IS_SOAK
  ? []
  : ['src/product', 'platform/migrations/folder', 'test/migrations-trial', 'routes.e2e'];

/**
 * A product that has grown on this release takes the next one, which has grown in the same places: git merges both
 * without a conflict, and what it makes of them is right.
 */
describe('a product that takes the next release', () => {
  let copy: ProjectCopy;

  const git = (...words: string[]) =>
    execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', ...words], {
      cwd: copy.folder,
      encoding: 'utf8',
      stdio: 'pipe',
    });
  const commit = (subject: string) => {
    git('add', '--all');
    git('commit', '--quiet', '--message', subject);
  };
  const edit = (path: string, from: string, to: string) => {
    const text = copy.text(path);
    expect([path, text.includes(from)]).toEqual([path, true]);
    writeFileSync(
      join(copy.folder, path),
      text.replace(from, () => to),
    );
  };

  /** Runs `npm run configuration`, for which of features like these the build needs the variables only. */
  function configuration(features: readonly string[], ...options: string[]) {
    const folders = features.map((plural) => join(copy.folder, 'dist/modules', plural));
    for (const [index, plural] of features.entries()) {
      const { singular } = namesOf(plural);
      const source = copy.text(`src/modules/${plural}/${singular}.config.ts`);
      mkdirSync(folders[index] ?? '', { recursive: true });
      writeFileSync(join(folders[index] ?? '', `${singular}.config.js`), compiled(source));
    }
    return copy.run('scripts/configuration.mjs', ...options).finally(() => {
      for (const folder of folders) rmSync(folder, { recursive: true });
    });
  }

  /** A feature with a migration, a variable, an error code and a mail of its own, and a line for those who use it. */
  async function grow(plural: string): Promise<void> {
    const { singular, records, Record, RECORD } = namesOf(plural);
    const folder = `src/modules/${plural}`;
    await copy.write(planFeature(`${plural} number:string:required:unique`, copy.project));
    commit(`Add ${plural}`);
    const currency = ['currency:string:required:existing=EUR'];
    await copy.write(fieldCommand(copy.project, namesOf(plural), currency).changes);
    const controller = `${folder}/${plural}.controller.ts`;
    await copy.write(
      new Map([
        [
          `${folder}/${singular}.errors.ts`,
          `import { define, defineErrors } from '../../platform/errors/errors.js';

/** The errors of this feature, beside those that its resource makes. */
export const ${Record}Errors = defineErrors({ ${RECORD}_PAID: define(409, 'It is paid and stays as it is') });
`,
        ],
        [
          `${folder}/${singular}-reminder.mail.ts`,
          `import { linkMail, SINGLE_USE } from '../../platform/mail/link-mail.js';

export const reminder = linkMail({
  purpose: '${singular}-reminder', path: '/pay', subject: 'A reminder', before: ['Pay here:'], after: [SINGLE_USE],
});
`,
        ],
        [
          `${folder}/${singular}.config.ts`,
          `import { Env } from '../../platform/config/env.js';
import { integer } from '../../platform/config/kinds.js';

export class ${Record}Config {
  /** After how many days somebody is reminded of ${plural}. */
  @Env('${RECORD}_REMINDER_DAYS', integer(1, 90), { default: 14 })
  readonly reminderDays!: number;
}
`,
        ],
        [
          controller,
          `import { ${Record}Errors } from './${singular}.errors.js';\n${copy
            .text(controller)
            .replaceAll(
              `errors: ${records}.errors.update`,
              `errors: [...${records}.errors.update, ${Record}Errors.${RECORD}_PAID]`,
            )}`,
        ],
      ]),
    );
    expect(copy.text(controller)).toContain(`${Record}Errors.${RECORD}_PAID]`);
    edit('CHANGELOG.md', '## Unreleased\n', `## Unreleased\n\n- There are ${plural}.\n`);
    expect(await configuration([plural])).toEqual({ code: 0, output: '' });
    commit(`Let ${plural} be paid`);
  }

  beforeAll(async () => {
    // The tests of the merged project are as long as the gate's.
    copy = new ProjectCopy({ SOAK: '0.1' });
    const isMade = /(^|[/\\])(node_modules|coverage|\.git|\.data|\.growth|\.env)$/;
    cpSync('.', copy.folder, { recursive: true, filter: (path) => !isMade.test(path) });
    git('init', '--quiet', '--initial-branch=release');
    commit('Release');
    git('checkout', '--quiet', '-b', 'product');
    expect(await copy.run('scripts/product.mjs', 'Deskhand')).toMatchObject({
      code: 0,
      output: expect.stringContaining(`key           ${PRODUCT.key}\n`),
    });
    commit('Call it Deskhand');
  }, 120_000);
  afterAll(() => copy.remove());

  it('is renamed by one command in one file, and in what is made of it', () => {
    const changed = git('diff', '--name-only', 'release').trim().split('\n');
    expect(changed).toEqual(['docs/configuration.md', 'generated.jsonl', 'src/product/product.ts']);
    const line = { release: RELEASE, command: 'product', args: ['Deskhand'] };
    expect(copy.text('generated.jsonl')).toContain(`${JSON.stringify(line)}\n`);
    expect(copy.text('src/product/product.ts')).toContain(`  key: '${PRODUCT.key}',\n`);
  });

  it('merges it without a conflict', async () => {
    await grow('trial-invoices');
    git('checkout', '--quiet', 'release');
    await grow('trial-tickets');
    edit('package.json', `"version": "${RELEASE}"`, `"version": "${NEXT}"`);
    commit(`Release ${NEXT}`);
    git('checkout', '--quiet', 'product');
    git('merge', '--quiet', '--no-edit', 'release');
    expect(git('status', '--porcelain')).toBe('');
    expect(copy.text('package.json')).toContain(`"version": "${NEXT}"`);
    expect(copy.text('src/product/product.ts')).toContain("name: 'Deskhand'");
  }, 120_000);

  it('has the parts of both, with right types', async () => {
    for (const name of ['TrialInvoicesModule', 'TrialTicketsModule']) {
      expect(copy.text('src/app.module.ts').split(name)).toHaveLength(3);
    }
    // As docs/upgrading.md says: the lines of both are there, and what stands between them is made again.
    expect(copy.text('docs/configuration.md')).toMatch(
      /`TRIAL_INVOICE_REMINDER_DAYS`[^]*`TRIAL_TICKET_REMINDER_DAYS`/,
    );
    expect(await configuration(['trial-invoices', 'trial-tickets'])).toEqual({ code: 0, output: '' });
    for (const [plural, name] of [
      ['trial-invoices', 'TRIAL_INVOICE'],
      ['trial-tickets', 'TRIAL_TICKET'],
    ] as const) {
      expect(copy.text('.env.example')).toContain(
        `\n\n# After how many days somebody is reminded of ${plural}.\n# ${name}_REMINDER_DAYS=14\n`,
      );
    }
    expect(await copy.run('scripts/typecheck.mjs')).toEqual({ code: 0, output: '' });
  }, 300_000);

  it(`passes ${IS_SOAK ? 'all its' : 'its'} tests`, async () => {
    const { code, failures } = await copy.test(TESTED, '--testPathIgnorePatterns=process/fork');
    expect([failures, code]).toEqual([[], 0]);
  }, 3_600_000);
});
