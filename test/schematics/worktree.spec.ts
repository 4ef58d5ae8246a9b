import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { noting, remember, requireCommitted, requireUnchanged } from '../../schematics/project/worktree.ts';
import { onDisk } from './planning.ts';

const CHANGES = new Map([
  ['src/app.module.ts', 'generated'],
  ['src/new.ts', 'generated'],
]);

describe('a file that would change', () => {
  let folder: string;
  const git = (...words: string[]) => execFileSync('git', words, { cwd: folder, stdio: 'pipe' });
  const write = (path: string, text: string) => writeFileSync(join(folder, path), text);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'product-worktree-'));
    mkdirSync(join(folder, 'src'));
    write('src/app.module.ts', 'committed');
    write('src/other.ts', 'committed');
    git('init', '--quiet');
    git('add', '.');
    git('-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '--quiet', '--message', 'All');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('may be as it was committed, whatever else has changed', () => {
    write('src/other.ts', 'by hand');
    expect(() => requireCommitted(folder, CHANGES)).not.toThrow();
  });

  it('must not have changes that are not committed, staged or not', () => {
    write('src/app.module.ts', 'by hand');
    const message = 'src/app.module.ts would be changed, but has uncommitted changes';
    expect(() => requireCommitted(folder, CHANGES)).toThrow(message);
    git('add', '.');
    expect(() => requireCommitted(folder, CHANGES)).toThrow(message);
  });

  it('is found where the project is a folder of its repository', () => {
    mkdirSync(join(folder, 'backend/src'), { recursive: true });
    write('backend/src/app.module.ts', 'by hand');
    expect(() => requireCommitted(join(folder, 'backend'), CHANGES)).toThrow(
      'src/app.module.ts would be changed',
    );
  });

  it('may be as the generator has written it', () => {
    remember(folder, CHANGES);
    write('src/app.module.ts', 'generated');
    expect(() => requireCommitted(folder, CHANGES)).not.toThrow();
    write('src/app.module.ts', 'generated, and changed');
    expect(() => requireCommitted(folder, CHANGES)).toThrow('uncommitted changes');
  });

  it.each(['src/app.module.ts', 'src/new.ts'])('must be what the plan was made from: %s', (path) => {
    const read = (each: string) => onDisk.read(join(folder, each));
    const { project, seen } = noting({ ...onDisk, read });
    project.read(path);
    expect(() => requireUnchanged(folder, seen)).not.toThrow();
    write(path, 'by another command');
    project.read(path);
    expect(() => requireUnchanged(folder, seen)).toThrow(
      `${path} was changed while the command was at work: run it again`,
    );
  });

  it('may be anything where there is no repository', () => {
    rmSync(join(folder, '.git'), { recursive: true });
    write('src/app.module.ts', 'by hand');
    expect(() => requireCommitted(folder, CHANGES)).not.toThrow();
  });
});
