import { describe, expect, it } from '@jest/globals';
import { jsonRows, tableRows } from './lines.js';

const MIB = 1024 * 1024;

/** The lines in which rows begin. */
async function linesOf(
  text: string,
  rows: (bytes: Buffer) => AsyncIterable<{ readonly line: number }> = tableRows,
): Promise<number[]> {
  const lines: number[] = [];
  for await (const { line } of rows(Buffer.from(text))) lines.push(line);
  return lines;
}

describe('the rows of a table', () => {
  it('begin in the lines in which people see them begin', async () => {
    const lines = ['a,b', '', '1,2', '"x', '', 'y",z', '  ', '', '3,4'];
    for (const end of ['\n', '\r\n']) {
      expect(await linesOf(lines.join(end))).toEqual([1, 3, 4, 7, 9]);
      expect(await linesOf(end + lines.join(end) + end)).toEqual([2, 4, 5, 8, 10]);
    }
  });

  it('are refused with more cells than anything has, which the parser does not count', async () => {
    const refused = (line: number) => ({
      details: [{ path: '', message: `The row that begins in line ${line} has more than 1000 cells` }],
    });
    await expect(linesOf(','.repeat(10 * MIB))).rejects.toMatchObject(refused(1));
    await expect(linesOf(`a\n\nb\n${','.repeat(1000)}`)).rejects.toMatchObject(refused(4));
    expect(await linesOf(`a\n${','.repeat(999)}`)).toEqual([1, 2]);
  });
});

it.each([
  ['a table', tableRows],
  ['JSON Lines', jsonRows],
])('lets others have their turn while it reads %s', async (_, rows) => {
  let turns = 0;
  let next = setImmediate(function count() {
    turns++;
    next = setImmediate(count);
  });
  await linesOf('\n'.repeat(MIB), rows);
  clearImmediate(next);
  expect(turns).toBeGreaterThan(MIB / 64 / 1024);
});
