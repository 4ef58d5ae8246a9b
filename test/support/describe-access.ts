import { beforeEach, describe, expect, it } from '@jest/globals';
import { codeOf, fieldsOf, type RecordJson } from './feature-bodies.js';
import { FILES } from './forms.js';
import { type FeatureTest, idsOf, outcomesOf } from './feature-test.js';
import type { TestClient } from './test-client.js';

/** Who may read records and who may write them. */
export function describeAccess(its: FeatureTest): void {
  describe('access', () => {
    const { feature } = its;
    let record: RecordJson;

    beforeEach(async () => {
      record = await its.create(await its.full());
    });

    /** Sends a PUT, a PATCH and a DELETE that would be accepted from the writer. */
    async function writesOf(client: TestClient, makers = client) {
      const [whole, part] = [await its.full(makers), await its.full(makers)];
      return [
        await client.put(its.at(record), whole),
        await client.patch(its.at(record), part),
        await client.delete(its.at(record)),
      ];
    }

    async function expectSame(): Promise<void> {
      expect(await its.read(record)).toEqual(record);
    }

    it('nobody who is not signed in may do anything', async () => {
      const nobody = its.test.anonymous;
      const body = await its.full();
      const answers = [
        await nobody.post(feature.path, body),
        await nobody.get(feature.path),
        await nobody.get(its.at(record)),
        ...(await writesOf(nobody, its.writer)),
      ];
      expect(outcomesOf(answers)).toEqual(answers.map(() => '401 UNAUTHENTICATED'));
      await expectSame();
    });

    if (feature.shared) describeShared();
    else describeOwned();

    function describeOwned(): void {
      const missing = `404 ${codeOf(feature.resource)}_NOT_FOUND`;

      describe('records of others', () => {
        it('are not there for a user', async () => {
          const { other } = its;
          const read = await other.get(its.at(record));
          expect(outcomesOf([read, ...(await writesOf(other))])).toEqual(
            Array.from({ length: 4 }, () => missing),
          );
          expect((await other.get(`${feature.path}?owner=${its.writer.userId}`)).outcome).toBe(
            '403 FORBIDDEN',
          );
          expect((await other.get(`${feature.path}?owner=all`)).outcome).toBe('403 FORBIDDEN');
          const own = await its.create({}, other);
          const listed = await its.walk(other, { limit: '100' });
          expect(idsOf(listed)).toContain(own.id);
          expect(new Set(listed.map(({ ownerId }) => ownerId))).toEqual(new Set([other.userId]));
          await expectSame();
        });

        it('are read by a moderator, and not written', async () => {
          const { moderator } = its;
          expect((await moderator.get(its.at(record))).body.data).toEqual(record);
          expect(outcomesOf(await writesOf(moderator))).toEqual([missing, missing, missing]);
          await expectSame();
          const owner = its.writer.userId;
          for (const query of [{ owner }, { owner: 'all' }]) {
            expect(idsOf(await its.walk(moderator, { ...query, limit: '100' }))).toContain(record.id);
          }
          expect(idsOf(await its.walk(moderator, { limit: '100' }))).not.toContain(record.id);
        });

        it('are written by an administrator, and stay with their owner', async () => {
          const answers = await writesOf(its.admin, makersOf(its));
          expect(outcomesOf(answers)).toEqual(['200', '200', '200']);
          expect(answers.slice(0, 2).map(({ body }) => body.data.ownerId)).toEqual([
            its.writer.userId,
            its.writer.userId,
          ]);
          expect((await its.writer.get(its.at(record))).outcome).toBe(missing);
        });
      });
    }

    function describeShared(): void {
      it.each(['user', 'moderator'] as const)('a %s reads, and writes nothing', async (role) => {
        const reader = its[role];
        expect((await reader.get(its.at(record))).body.data).toEqual(record);
        expect(idsOf(await its.walk(reader, { limit: '100' }))).toContain(record.id);
        const body = await its.full();
        const answers = [await reader.post(feature.path, body), ...(await writesOf(reader))];
        expect(outcomesOf(answers)).toEqual(answers.map(() => '403 FORBIDDEN'));
        await expectSame();
      });

      it('every administrator writes', async () => {
        expect(outcomesOf(await writesOf(its.other))).toEqual(['200', '200', '200']);
      });
    }
  });
}

/** Records hold files of their owner, whoever writes them. */
function makersOf({ feature, writer, admin }: FeatureTest): TestClient {
  return fieldsOf(feature).some(([, { ref }]) => ref === FILES) ? writer : admin;
}
