import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { UploadsInProgress } from './uploads-in-progress.js';
import type { FilesConfig } from './files.config.js';
import { letFinish } from './upload-body.js';

const QUOTA = { quotaBytes: 100 } as FilesConfig;
const REFUSED = { code: 'FILE_QUOTA_EXCEEDED' };
const bytes = (...sizes: number[]) => Readable.from(sizes.map((size) => Buffer.alloc(size)));

describe('uploads of an owner that are under way', () => {
  it('are at most what the owner may keep, together', async () => {
    const arriving = new UploadsInProgress(QUOTA);
    const first = arriving.counted('ada', bytes(60, 40));
    await first.next();
    const second = arriving.counted('ada', bytes(30, 20));
    await second.next();
    await expect(second.next()).rejects.toMatchObject(REFUSED);
    await expect(arriving.counted('bob', bytes(100)).next()).resolves.toMatchObject({ done: false });
    expect((await first.next()).value).toHaveLength(40);
    await expect(arriving.counted('ada', bytes(1)).next()).rejects.toMatchObject(REFUSED);
    await first.return(undefined);
    await expect(arriving.counted('ada', bytes(100)).next()).resolves.toMatchObject({ done: false });
  });
});

it('lets a sender that was refused finish, unless it stops', async () => {
  const [silent, ending] = [new PassThrough(), new PassThrough()];
  letFinish(silent, 100, 10);
  letFinish(ending, 100);
  ending.end('rest');
  await Promise.all([once(silent, 'close'), once(ending, 'end')]);
});
