import { promisify } from 'node:util';
import { brotliCompress, brotliCompressSync, constants, gzip, gzipSync } from 'node:zlib';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isUnchanged } from './entity-tag.js';
import { varyBy } from './vary.js';

/** Smaller answers fit into a few packets as they are. */
const WORTH_IT = 4 * 1024;
/**
 * Up to here an answer is compressed on the spot, in less than a millisecond. The thread pool has four threads, which
 * bcrypt keeps busy: a list would wait for somebody's password.
 */
const ON_THE_SPOT = 64 * 1024;
/** Of the larger ones one at a time is compressed in the pool, and so many wait; the next is sent as it is. */
const MOST_WAITING = 16;

/** Brotli's quality 1 is as fast as the fastest gzip or faster, and as small as its slower levels. */
const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
const GZIP = { level: 1 };

/** How an answer may be written, the preferred one first. */
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

/** What a client gives each coding, by its name in lower case; what cannot be read counts as not named. */
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
 * The coding that an Accept-Encoding asks for (RFC 9110, section 12.5.3); undefined for none. What the client prefers
 * wins, unless it is no coding at all: that only says what it can do without.
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

/** One after the other, each in the pool. */
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
 * Fastify hook: compresses what is large and asked for. The strong ETag stays: it is the version of a record, which
 * does not depend on how an answer is written.
 */
export function compress(request: FastifyRequest, reply: FastifyReply, payload: unknown, done: Done): void {
  // No character has more than three bytes for each unit of its length.
  if (typeof payload !== 'string' || payload.length * 3 < WORTH_IT) return done(null, payload);
  const size = Buffer.byteLength(payload);
  if (size < WORTH_IT) return done(null, payload);
  varyBy(reply, 'Accept-Encoding');
  const encoding = encodingFor(request.headers['accept-encoding']);
  const isLarge = size > ON_THE_SPOT;
  if (encoding === undefined || isUnchanged(request, reply) || (isLarge && waiting >= MOST_WAITING)) {
    return done(null, payload);
  }
  reply.header('content-encoding', encoding);
  if (!isLarge) return done(null, onTheSpot[encoding](payload));
  void takeTurn(encoding, payload).then((body) => done(null, body));
}
