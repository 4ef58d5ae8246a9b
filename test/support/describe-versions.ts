import { beforeEach, describe, expect, it } from '@jest/globals';
import { type Body, codeOf, type RecordJson } from './feature-bodies.js';
import { expectFault, type FeatureTest, outcomesOf } from './feature-test.js';

/** The version of a record, and writers who hold one. */
export function describeVersions(its: FeatureTest): void {
  describe('versions', () => {
    let record: RecordJson;
    let body: Body;

    beforeEach(async () => {
      body = await its.full();
      record = await its.create(body);
    });

    const write = (method: string, ifMatch: string, name = 'if-match') =>
      its.writer.send(method, its.at(record), method === 'DELETE' ? undefined : body, { [name]: ifMatch });

    describe('the version', () => {
      it('rises with every change, and stays with a refused one', async () => {
        const answers = [
          await its.writer.patch(its.at(record), {}),
          await its.writer.put(its.at(record), body),
          await its.writer.patch(its.at(record), { 'no field': 1 }),
          await its.writer.patch(its.at(record), {}, { 'if-match': '"1"' }),
          await its.writer.get(its.at(record)),
        ];
        expect(answers.map(({ headers }) => headers['etag'])).toEqual([
          '"2"',
          '"3"',
          undefined,
          undefined,
          '"3"',
        ]);
      });
    });

    describe.each(['PUT', 'PATCH', 'DELETE'])('If-Match of %s', (method) => {
      it.each(['"1"', '"7", "1"', 'W/"1"', '*'])('lets %s change version 1', async (ifMatch) => {
        expect((await write(method, ifMatch)).outcome).toBe('200');
      });

      it.each(['"2"', '"0"', 'W/"2"'])('answers 412 for %s', async (ifMatch) => {
        expect((await write(method, ifMatch)).outcome).toBe('412 PRECONDITION_FAILED');
        expect(await its.read(record)).toEqual(record);
      });

      it('answers 400 for what is no tag', async () => {
        expectFault(await write(method, '1'), 'if-match');
        expectFault(await write(method, '1', 'if-none-match'), 'if-none-match');
        expect(await its.read(record)).toEqual(record);
      });

      it.each(['*', '"1"', 'W/"1"', '"2", "1"'])('answers 412 for If-None-Match: %s', async (ifNoneMatch) => {
        expect((await write(method, ifNoneMatch, 'if-none-match')).outcome).toBe('412 PRECONDITION_FAILED');
        expect(await its.read(record)).toEqual(record);
      });

      it('lets If-None-Match of another version change it', async () => {
        expect((await write(method, '"2"', 'if-none-match')).outcome).toBe('200');
        const gone = await write(method, '*', 'if-none-match');
        expect(gone.status).toBe(method === 'DELETE' ? 404 : 412);
      });

      it('lets one of ten at the same time win', async () => {
        const answers = await Promise.all(Array.from({ length: 10 }, () => write(method, '"1"')));
        const isDeletion = method === 'DELETE';
        const lost = isDeletion ? `404 ${codeOf(its.feature.resource)}_NOT_FOUND` : '412 PRECONDITION_FAILED';
        expect(outcomesOf(answers).toSorted()).toEqual(['200', ...Array.from({ length: 9 }, () => lost)]);
        if (!isDeletion) expect((await its.read(record)).version).toBe(2);
      });
    });
  });
}
