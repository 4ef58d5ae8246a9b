import { describe, expect, it } from '@jest/globals';
import { eventually } from './mails.js';

describe('eventually', () => {
  it('waits while the answer is null, undefined or false', async () => {
    const answers = [null, undefined, false, 0];
    expect(await eventually(() => answers.shift())).toBe(0);
  });

  it('gives up after its time', async () => {
    await expect(eventually(() => null, 20)).rejects.toThrow('not within 20 ms');
  });
});
