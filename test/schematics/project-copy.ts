import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { formatted } from '../../schematics/project/format.ts';
import { type Changes, GONE, type Project } from '../../schematics/project/project.ts';
import { onDisk } from './planning.ts';

const PARTS = [
  'src test schematics scripts docs package.json package-lock.json nest-cli.json tsconfig.json tsconfig.build.json',
  'jest.config.mjs .oxlintrc.json .oxfmtrc.json',
].flatMap((line) => line.split(' '));

interface Ended {
  readonly code: number;
  readonly output: string;
}

/** This project in another folder, for a developer to work in. */
export class ProjectCopy {
  readonly folder = mkdtempSync(join(tmpdir(), 'product-project-'));

  /** @param settings environment variables of the programs that are run there */
  constructor(private readonly settings: NodeJS.ProcessEnv = {}) {
    for (const part of PARTS) cpSync(part, join(this.folder, part), { recursive: true });
    symlinkSync(join(process.cwd(), 'node_modules'), join(this.folder, 'node_modules'));
  }

  /** What it holds of a file; undefined where there is none. */
  read(path: string): string | undefined {
    return onDisk.read(join(this.folder, path));
  }

  get project(): Project {
    return {
      read: (path) => this.read(path),
      filesIn: (folder) =>
        onDisk.filesIn(join(this.folder, folder)).map((path) => path.slice(this.folder.length + 1)),
    };
  }

  /** The sources and tests that differ from the project's, or are new. */
  changed(): string[] {
    const all = ['src', 'test'].flatMap((folder) => this.project.filesIn(folder));
    return all.filter((path) => this.read(path) !== onDisk.read(path));
  }

  /** Writes what was planned, as the command does in the end. */
  async write(changes: Changes): Promise<void> {
    for (const [path, text] of changes) {
      const file = join(this.folder, path);
      mkdirSync(dirname(file), { recursive: true });
      if (text === GONE) rmSync(file);
      else writeFileSync(file, await formatted(this.folder, path, text));
    }
  }

  /** Runs a program of the project there, by the node that runs the tests. */
  async run(...command: string[]): Promise<Ended> {
    const { NODE_OPTIONS: _, TEST_REPORT: _report, ...env } = process.env;
    try {
      const { stdout, stderr } = await promisify(execFile)(process.execPath, command, {
        cwd: this.folder,
        env: { ...env, ...this.settings, PATH: `${join(process.cwd(), 'node_modules/.bin')}:${env['PATH']}` },
        maxBuffer: 100_000_000,
      });
      return { code: 0, output: stdout + stderr };
    } catch (error) {
      const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
      return { code, output: stdout + stderr };
    }
  }

  /** Runs Jest there: which tests failed, and what it printed. `options` come last, for some take the words behind them. */
  async test(patterns: readonly string[], ...options: string[]): Promise<Ended & { failures: string[] }> {
    const ended = await this.run(
      '--experimental-vm-modules',
      '--no-warnings',
      'node_modules/jest/bin/jest.js',
      '--maxWorkers=1',
      '--silent',
      ...patterns,
      ...options,
    );
    const failures = ended.output.split('\n').filter((line) => /^\s+● |^FAIL /.test(line));
    return { ...ended, failures };
  }

  /** The same with few files in all, which load the product but twice. */
  async testTogether(patterns: readonly string[], ...options: string[]): ReturnType<ProjectCopy['test']> {
    const group = `import { groupTests } from './scripts/test-groups.mjs';
process.stdout.write(JSON.stringify(groupTests(${JSON.stringify(patterns)}, 2)));`;
    const { output } = await this.run('--input-type=module', '--eval', group);
    return this.test([], ...(JSON.parse(output) as string[]), ...options);
  }

  replace(path: string, text: string): void {
    writeFileSync(join(this.folder, path), text);
  }

  text(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8');
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
