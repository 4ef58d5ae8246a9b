import { beforeAll, describe, expect, it } from '@jest/globals';
import { queriesDuring } from './query-watch.js';
import type { Query, Ticket } from './sorted-tickets.js';
import type { TestApp } from './test-app.js';
import type { TestClient } from './test-client.js';
import { TICKETS } from './trial-lists.js';

/** What the tests of lists do with them. */
export interface TicketTest {
  readonly test: TestApp;
  create(fields: object, user: TestClient): Promise<Ticket>;
  page(
    query: Query,
    user: TestClient,
  ): Promise<{ readonly data: Ticket[]; readonly pagination: { readonly total?: number } }>;
  walk(query: Query, user: TestClient): Promise<Ticket[]>;
}

/** What `?q=` finds. */
export function describeWords(its: () => TicketTest): void {
  describe('words', () => {
    let user: TestClient;
    let printer: Ticket;

    let test: TestApp;
    let create: TicketTest['create'];
    let page: TicketTest['page'];
    let walk: TicketTest['walk'];

    beforeAll(async () => {
      ({ test, create, page, walk } = its());
      user = await test.anonymous.signIn();
      printer = await create({ title: 'Der Drücker ist kaputt', body: 'Zimmer 12, Straße-5' }, user);
      await create({ title: 'Druckerei', body: null }, user);
      await create({ title: 'Internationalisierungen', body: 'x' }, user);
    });

    const found = async (q: string, more: Query = {}) =>
      (await walk({ q, limit: '1', ...more }, user)).map(({ title }) => title);
    const BOTH = ['Druckerei', 'Der Drücker ist kaputt'];

    it.each([
      ['drucker', BOTH],
      ['DRÜCK', BOTH],
      ['d', BOTH],
      ['druckere', ['Druckerei']],
      ['12 KAP', ['Der Drücker ist kaputt']],
      ['strasse', ['Der Drücker ist kaputt']],
      ['rucker', []],
      ['drucker zimmern', []],
      ['internationalisierungen', ['Internationalisierungen']],
      ['internationalisierungs', []],
      ['.*', undefined],
    ])('%s finds %j', async (q, titles) => {
      if (titles) expect(await found(q)).toEqual(titles);
      else expect((await user.get(`${TICKETS}?q=${q}`)).outcome).toBe('400 VALIDATION_ERROR');
    });

    it('are found with filters, counted, and by the index in its order', async () => {
      expect(await found('drucker', { state: 'pending' })).toEqual([]);
      const queries = await queriesDuring(test.connection, 'trial_tickets', async () => {
        expect((await page({ q: 'drucker', total: 'true' }, user)).pagination.total).toBe(2);
      });
      expect(queries.map(({ planSummary }) => planSummary)).toEqual(
        Array(2).fill(expect.stringContaining('_words')),
      );
    });

    it('follow their texts, each by itself, and raise no other version', async () => {
      const at = `${TICKETS}/${printer.id}`;
      expect((await user.patch(at, { body: 'Keller', count: 3 })).body.data).toMatchObject({
        version: 2,
        count: 3,
      });
      expect([await found('zimmer'), await found('keller kaputt')]).toEqual([[], ['Der Drücker ist kaputt']]);
      expect((await user.patch(at, { title: null, body: 'Keller' })).body.data).toMatchObject({ version: 3 });
      expect([await found('kaputt'), await found('keller')]).toEqual([[], [null]]);
      await user.patch(at, { title: '$title', number: null });
      expect([await found('title keller'), (await page({ sort: 'title' }, user)).data[0]?.['title']]).toEqual(
        [['$title'], '$title'],
      );
      await user.put(at, { title: 'Neu' });
      expect([await found('keller'), await found('neu')]).toEqual([[], ['Neu']]);
    });
  });
}
