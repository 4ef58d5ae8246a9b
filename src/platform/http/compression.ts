import { promisify } from 'node:util';
import { brotliCompress, brotliCompressSync, constants, gzip, gzipSync } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isUnchanged } from './entity-tag.js';
import { varyBy } from './vary.js';

/** Smaller responses fit into a few packets anyway. */
const WORTH_IT = 4 * 1024;
/**
 * Up to this size a response is compressed synchronously, in less than a millisecond. The thread pool has four threads,
 * which bcrypt keeps busy: a list would wait for somebody's password.
 */
const ON_THE_SPOT = 64 * 1024;
/**
 * Larger ones are compressed in the pool, one at a time, with this many waiting; further ones are sent uncompressed.
 */
const MOST_WAITING = 16;

/** Brotli's quality 1 is as fast as the fastest gzip or faster, and as small as its slower levels. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
const GZIP = { level: 1 };

/** The supported codings, the preferred one first. */
export const ENCODINGS = ['br', 'gzip'] as const;
export type Encoding = (typeof ENCODINGS)[number];

const onTheSpot: Record<Encoding, (text: string) => Buffer> = {
  br: (text) => brotliCompressSync(text, BROTLI),
  gzip: (text) => gzipSync(text, GZIP),
};
const brotliInPool = promisify(brotliCompress) as (text: string, options: object) => Promise<Buffer>;
const gzipInPool = promisify(gzip) as (text: string, options: object) => Promise<Buffer>;
const inPool: Record<Encoding, (text: string) => Promise<Buffer>> = {
  br: (text) => brotliInPool(text, BROTLI),
  gzip: (text) => gzipInPool(text, GZIP),
};

const WEIGHT = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;

/** The weight of each coding, by its name in lower case; malformed entries are ignored. */
function weightsIn(header: string): Map<string, number> {
  const weights = new Map<string, number>();
  for (const part of header.toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';').map((piece) => piece.trim());
    const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1';
    if (WEIGHT.test(weight)) weights.set(name === 'x-gzip' ? 'gzip' : name, Number(weight));
  }
  return weights;
}

/**
 * The coding that an Accept-Encoding asks for (RFC 9110, section 12.5.3); undefined for none. The client's preference
 * wins; between equals, the order of `ENCODINGS`.
 */
export function encodingFor(header: string | string[] | undefined): Encoding | undefined {
  if (!header) return undefined;
  const weights = weightsIn(String(header));
  const weightOf = (name: string): number => weights.get(name) ?? weights.get('*') ?? 0;
  const [best] = ENCODINGS.toSorted((a, b) => weightOf(b) - weightOf(a));
  if (best === undefined || weightOf(best) === 0) return undefined;
  const isPlainPreferred = (weights.get('identity') ?? 0) > weightOf(best);
  return isPlainPreferred ? undefined : best;
}

let queue = Promise.resolve();
let waiting = 0;

/** Compresses in the pool, one at a time. */
async function takeTurn(encoding: Encoding, text: string): Promise<Buffer> {
  const turn = queue.then(() => inPool[encoding](text));
  queue = turn.then(
    () => undefined,
    () => undefined,
  );
  waiting += 1;
  try {
    return await turn;
  } finally {
    waiting -= 1;
  }
}

type Done = (error: null, payload: unknown) => void;

/**
 * Fastify hook: compresses large responses if the client accepts it. The strong ETag stays: it is the version of a
 * record, which does not depend on the encoding.
 */
export function compress(request: FastifyRequest, reply: FastifyReply, payload: unknown, done: Done): void {
  // A UTF-16 code unit takes at most three bytes in UTF-8.
  if (typeof payload !== 'string' || payload.length * 3 < WORTH_IT) return done(null, payload);
  const size = Buffer.byteLength(payload);
  if (size < WORTH_IT) return done(null, payload);
  varyBy(reply, 'Accept-Encoding');
  const encoding = encodingFor(request.headers['accept-encoding']);
  const isLarge = size > ON_THE_SPOT;
  if (encoding === undefined || isUnchanged(request, reply) || (isLarge && waiting >= MOST_WAITING)) {
    return done(null, payload);
  }
  const send = (body: Buffer): void => {
    reply.header('content-encoding', encoding);
    done(null, body);
  };
  if (!isLarge) return send(onTheSpot[encoding](payload));
  // Its time may have run out meanwhile: then it has been answered.
  void takeTurn(encoding, payload).then((body) => reply.raw.headersSent || send(body));
}
