import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import fastJson from 'fast-json-stringify';
import type { FastifyReply } from 'fastify';
import type { Resource } from '../database/resource.js';
import type { Page, PageQuery } from '../validation/page-query.js';
import { schemaOf } from '../validation/json-schema.js';
import type { Constructor } from '../validation/rules.js';
import { lineOf } from './csv.js';
import { type Exported, type Format, FORMATS } from './export.dto.js';

/** Records read, and held in memory, at a time. */
const AT_A_TIME = 200;

/** Writes the records of a DTO. */
interface Writing {
  readonly head: string;
  readonly line: (record: object) => string;
}

/** Streams all records of a list, page by page as the client reads them. */
@Injectable()
export class Exporter {
  private readonly writings = new Map<Constructor, Readonly<Record<Format, Writing>>>();

  /**
   * @param list reads a page of the list
   * @param answer converts a record to its DTO
   * @throws ApiError what `list` throws for the first page; a later error breaks off the response
   */
  async send<Query extends PageQuery, T, Dto extends object>(
    reply: FastifyReply,
    { plural }: Pick<Resource, 'plural'>,
    type: Constructor<Dto> & { from(record: T): Dto },
    { format, ...query }: Exported<Query>,
    list: (query: Query) => Promise<Page<T>>,
  ): Promise<void> {
    const page = (cursor?: string) =>
      list({ ...query, limit: AT_A_TIME, ...(cursor !== undefined && { cursor }) } as unknown as Query);
    const first = await page();
    const writing = this.writingOf(type)[format];
    reply.headers({
      'content-type': `${FORMATS[format]}; charset=utf-8`,
      'content-disposition': `attachment; filename="${plural}.${format}"`,
    });
    async function* text(): AsyncGenerator<string> {
      yield writing.head;
      for (let { items, pagination } = first; ;) {
        yield items.map((record) => writing.line(type.from(record))).join('');
        if (pagination.nextCursor === null) return;
        ({ items, pagination } = await page(pagination.nextCursor));
      }
    }
    const isAsked = reply.request.method !== 'HEAD';
    // One page is sent while the next one is read, no more.
    await reply.send(Readable.from(isAsked ? text() : [], { highWaterMark: 1 }));
  }

  private writingOf(type: Constructor): Readonly<Record<Format, Writing>> {
    const known = this.writings.get(type);
    if (known) return known;
    const schema = schemaOf(type);
    const columns = Object.keys(schema.properties ?? {});
    const json = fastJson(schema as never) as (record: object) => string;
    const made = {
      csv: {
        head: lineOf(columns),
        line: (record: object) => lineOf(columns.map((name) => (record as Record<string, unknown>)[name])),
      },
      ndjson: { head: '', line: (record: object) => `${json(record)}\n` },
    };
    this.writings.set(type, made);
    return made;
  }
}
