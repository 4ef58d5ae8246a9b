import { beforeAll, describe, expect, it } from '@jest/globals';
import { formatted } from '../../schematics/project/format.ts';
import { inPieces, whole } from '../../schematics/project/pieces.ts';
import { changed, type Changes } from '../../schematics/project/project.ts';
import { typeFaults } from '../support/type-check.ts';
import { format, onDisk, planFeature, planFields } from './planning.ts';

const LONG = Array.from({ length: 16 }, (_, n) => [
  `name${n}:string:min=2:max=20`,
  `at${n}:date${n === 0 ? ':default=now' : ':index'}`,
  `kind${n}:enum:a,b:default=a`,
]);
const COMMAND = `trial-things ${LONG.flat().slice(0, 40).join(' ')}`;
const DTO = 'src/modules/trial-things/trial-thing.dto.ts';
const TABLE = 'test/features/trial-things.ts';

describe('a feature of many fields', () => {
  let once: Changes;
  let pieces: Changes;

  const divide = (changes: Changes, project = onDisk) =>
    inPieces(project, changes, (path, text) => formatted('.', path, text));

  beforeAll(async () => {
    once = await format(planFeature(COMMAND));
    pieces = await divide(once);
  }, 60_000);

  it('is written in files that are short enough, and read as one', async () => {
    expect(once.get(DTO)?.split('\n').length).toBeGreaterThan(400);
    for (const [path, text] of pieces) expect([path, text.split('\n').length <= 301]).toEqual([path, true]);
    expect([...pieces.keys()]).toEqual(
      expect.arrayContaining([
        DTO.replace('.dto.', '.input.dto.'),
        DTO.replace('.dto.', '.query.dto.'),
        TABLE.replace('.ts', '.fields-1.ts'),
        TABLE.replace('.ts', '.fields-2.ts'),
      ]),
    );
    const read = whole(changed(onDisk, pieces));
    for (const path of [DTO, TABLE]) {
      expect(await formatted('.', path, read.read(path) ?? '')).toBe(once.get(path));
    }
  }, 60_000);

  it('gets further fields in its pieces', async () => {
    const project = changed(onDisk, pieces);
    const overlay = new Map([DTO, TABLE].map((path) => [path, whole(project).read(path) ?? '']));
    const added = await format(planFields('trial-things more:phone', new Map([...pieces, ...overlay])));
    const written = await divide(added, project);
    expect(written.get(DTO.replace('.dto.', '.input.dto.'))).toContain('more?: string | null;');
    expect(written.get(DTO)).toContain('more: trialThing.more ?? null,');
    expect(written.has(DTO.replace('.dto.', '.query.dto.'))).toBe(false);
    expect(written.get(TABLE.replace('.ts', '.fields-2.ts'))).toContain('more: {');
    expect(typeFaults(new Map([...pieces, ...written]))).toEqual([]);
  }, 60_000);

  it('is refused where a file cannot be divided', async () => {
    const service = 'src/modules/trial-things/trial-things.service.ts';
    await expect(divide(new Map([[service, 'a;\n'.repeat(251)]]))).rejects.toThrow(
      `${service} would have 251 lines, and may have 250`,
    );
  });
});
