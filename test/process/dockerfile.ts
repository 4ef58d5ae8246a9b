import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, symlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** One line of a Dockerfile, with its continuation lines: `RUN`, `npm install`. */
export interface Instruction {
  readonly name: string;
  readonly text: string;
}

export interface Stage {
  readonly base: string;
  /** After AS; empty for a stage without a name. */
  readonly name: string;
  readonly instructions: readonly Instruction[];
}

/** What an image is started with. */
export interface Image {
  /** Its file system. */
  readonly root: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly user: string;
  readonly port: string;
  readonly command: readonly string[];
  readonly healthcheck: readonly string[];
}

/** Reads the part of the language that this project's Dockerfile uses. @throws Error on any other */
export function parseDockerfile(source: string): Stage[] {
  const lines = source
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const stages: { base: string; name: string; instructions: Instruction[] }[] = [];
  for (const line of lines) {
    const [, name = '', text = ''] = /^([A-Z]+) (.+)$/.exec(line) ?? [];
    if (name === '') throw new Error(`Not understood: ${line}`);
    if (name === 'FROM') {
      const [base = '', , as = ''] = text.split(' ');
      stages.push({ base, name: as, instructions: [] });
    } else {
      stages.at(-1)?.instructions.push({ name, text });
    }
  }
  return stages;
}

/** The command of `CMD ["node", "main.js"]`. The other form would put a shell between. */
function execForm(text: string): string[] {
  return JSON.parse(text) as string[];
}

/** A pattern of .dockerignore, in which a star also stands for names that start with a dot. */
function patternOf(rule: string): RegExp {
  const name = (text: string) => text.replaceAll('.', String.raw`\.`).replaceAll('*', '[^/]*');
  return new RegExp(`^${rule.replace(/^!/, '').split('**/').map(name).join('(.*/)?')}$`);
}

/** Says which files of the project are sent to the builder: the last rule of .dockerignore that fits decides. */
export function readDockerignore(source: string): (path: string) => boolean {
  const rules = source.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const parents = (path: string): string[] => (path === '.' ? [] : [path, ...parents(dirname(path))]);
  return (path) => {
    const rule = rules.findLast((each) => parents(path).some((part) => patternOf(each).test(part)));
    return rule === undefined || rule.startsWith('!');
  };
}

/**
 * Builds images without Docker: every stage is a folder, its instructions are run there one after the other.
 * What the base image holds (Node, npm, a shell) is this machine's.
 */
export class Builder {
  private readonly images = new Map<string, Image>();

  constructor(
    private readonly context: string,
    private readonly folder: string,
    /** Commands that are replaced by a folder which has their result already. */
    private readonly known: Readonly<Record<string, { target: string; source: string }>> = {},
    /** Files of base images, by their paths there, that this machine has elsewhere. */
    private readonly here: Readonly<Record<string, string>> = {},
  ) {}

  async build(stages: readonly Stage[]): Promise<Image> {
    let image: Image | undefined;
    for (const [index, stage] of stages.entries()) {
      image = await this.buildStage(stage, join(this.folder, `stage-${index}`));
      this.images.set(stage.name, image);
    }
    if (!image) throw new Error('There are no stages');
    return image;
  }

  private async buildStage({ instructions }: Stage, root: string): Promise<Image> {
    await mkdir(root);
    let image: Image = { root, workdir: '/', env: {}, user: 'root', port: '', command: [], healthcheck: [] };
    for (const instruction of instructions) image = await this.apply(instruction, image);
    return image;
  }

  private async apply({ name, text }: Instruction, image: Image): Promise<Image> {
    switch (name) {
      case 'WORKDIR':
        await mkdir(join(image.root, text), { recursive: true });
        return { ...image, workdir: text };
      case 'ENV':
        return {
          ...image,
          env: { ...image.env, ...Object.fromEntries(text.split(' ').map((each) => each.split('='))) },
        };
      case 'COPY':
        await this.copy(text, image);
        return image;
      case 'RUN':
        await this.run(text, image);
        return image;
      case 'USER':
        return { ...image, user: text };
      case 'EXPOSE':
        return { ...image, port: text };
      case 'CMD':
        return { ...image, command: execForm(text) };
      case 'HEALTHCHECK':
        return { ...image, healthcheck: execForm(text.slice(text.indexOf('CMD ') + 4)) };
      default:
        throw new Error(`Not understood: ${name}`);
    }
  }

  private async copy(text: string, { root, workdir }: Image): Promise<void> {
    const [, from, paths = ''] = /^(?:--from=(\S+) )?(.+)$/.exec(text) ?? [];
    const sources = paths.split(' ');
    const target = sources.pop() ?? '';
    const isSent = readDockerignore(await readFile(join(this.context, '.dockerignore'), 'utf8'));
    const base = from === undefined ? this.context : this.images.get(from)?.root;
    if (base === undefined) throw new Error(`There is no stage ${from}`);
    for (const source of sources) {
      const place = target.startsWith('/') ? target : join(workdir, target);
      const to = join(root, place, target.endsWith('/') ? basename(source) : '');
      const here = from === undefined ? undefined : this.here[source];
      if (here !== undefined) {
        await mkdir(dirname(to), { recursive: true });
        await symlink(here, to);
        continue;
      }
      const filter = (path: string) => from !== undefined || isSent(path.slice(base.length + 1));
      await cp(join(base, source), to, { recursive: true, filter, verbatimSymlinks: true });
    }
  }

  private async run(command: string, { root, workdir, env }: Image): Promise<void> {
    const folder = join(root, workdir);
    const known = this.known[command];
    if (known) return symlink(known.source, join(folder, known.target));
    const { HOME, NODE_EXTRA_CA_CERTS } = process.env;
    await promisify(execFile)('/bin/sh', ['-c', command], {
      cwd: folder,
      // A cache of packages, and whom its network trusts, are all that differs from a new machine.
      env: { ...env, HOME, NODE_EXTRA_CA_CERTS, PATH: pathWithNode(), npm_config_prefer_offline: 'true' },
    });
  }
}

/** A PATH on which the Node of this process comes first, as in the base image. */
export function pathWithNode(): string {
  return `${dirname(process.execPath)}:${process.env['PATH']}`;
}
