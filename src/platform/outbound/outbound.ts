import { type IncomingMessage, request as requestByHttp } from 'node:http';
import { request as requestByHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { Injectable } from '@nestjs/common';
import { MAX_WEB_URL, WEB_URL_CHARACTERS } from '../validation/web-url.js';
import { isAllowed, isPublic } from './addresses.js';
import { Names } from './names.js';
import { OutboundConfig } from './outbound.config.js';

/** What is sent to an address. */
export interface OutboundRequest {
  /** POST unless told. */
  readonly method?: 'GET' | 'POST' | 'PUT';
  /** Credentials of the product are refused: whoever chose the address would read them. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** For everything, from the name to the last byte of the answer; ten seconds unless told. */
  readonly timeoutMs?: number;
  /** How much of the answer's body is read; 64 KiB unless told. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

/** What came back. A redirect is an answer like others. */
export interface OutboundAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  /** Whether the body was longer than what was read of it. */
  readonly isCut: boolean;
}

/**
 * Why nothing came back: the address may not be asked, its name is not in DNS, no or no safe connection could be had,
 * it took too long, or whoever asked gave up.
 */
export type OutboundReason = 'refused' | 'unresolved' | 'unreachable' | 'timeout' | 'cancelled';

/** Nothing came back. The message is for whoever chose the address, and says nothing about this network. */
export class OutboundError extends Error {
  constructor(
    readonly reason: OutboundReason,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 64 * 1024;
const MAX_HEADER_BYTES = 16 * 1024;
/** Headers that a caller cannot set: they belong to the connection, or prove who the product is. */
const RESERVED =
  /^(?:authorization|cookie|host|connection|content-length|expect|te|trailer|transfer-encoding|upgrade|proxy-.*)$/i;

const FORM = 'must be an address such as https://example.com/hook';
const USUAL = 'must begin with https:// and use port 443';
const PRIVATE = 'must lead to an address of the public internet';

function refused(message: string): OutboundError {
  return new OutboundError('refused', message);
}

/** `URL` leaves out the port that a scheme has by itself. */
function portOf({ port, protocol }: URL): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

/** The host without the brackets of IPv6. */
function hostOf({ hostname }: URL): string {
  return hostname.replaceAll(/^\[|\]$/g, '');
}

/**
 * The one way to addresses that users choose, such as those of webhooks: they could name a service of the operator's
 * own network. An address is judged as it is connected to, whatever its name meant before.
 */
@Injectable()
export class Outbound {
  constructor(
    private readonly config: OutboundConfig,
    private readonly names: Names,
  ) {}

  /**
   * Judges an address that a user enters; a name by what it means now, if it is known.
   * @returns it as it will be asked
   * @throws OutboundError `refused`, with a message for the field
   */
  async check(address: string): Promise<URL> {
    const url = this.parse(address);
    if (isIP(hostOf(url)) === 0) {
      for (const found of await this.names.addressesOf(hostOf(url))) this.admit(url, found.address);
    }
    return url;
  }

  /**
   * Sends a request. Redirects are not followed, and answers not decompressed.
   * @throws OutboundError when no answer came
   */
  async send(address: string, request: OutboundRequest = {}): Promise<OutboundAnswer> {
    const reserved = Object.keys(request.headers ?? {}).find((name) => RESERVED.test(name));
    if (reserved !== undefined) throw new Error(`Outbound requests have no header ${reserved} of the caller`);
    const url = this.parse(address);
    const timeout = AbortSignal.timeout(request.timeoutMs ?? TIMEOUT_MS);
    const signal = request.signal ? AbortSignal.any([request.signal, timeout]) : timeout;
    try {
      return await this.exchange(url, request, signal);
    } catch (error) {
      if (error instanceof OutboundError) throw error;
      if (request.signal?.aborted) throw new OutboundError('cancelled', 'was given up', { cause: error });
      if (timeout.aborted) throw new OutboundError('timeout', 'did not answer in time', { cause: error });
      throw new OutboundError('unreachable', 'could not be reached safely', { cause: error });
    }
  }

  /** What an address says by itself. */
  private parse(address: string): URL {
    const isPlain = address.length <= MAX_WEB_URL && WEB_URL_CHARACTERS.test(address);
    const url = isPlain ? URL.parse(address) : null;
    if (!url || hostOf(url).endsWith('.') || url.port === '0') throw refused(FORM);
    if (/^https?:\/*[^/?#]*@/i.test(address)) throw refused('must not hold a user name or a password');
    if (address.includes('#')) throw refused('must not have a # in it: what follows is never sent');
    if (this.config.allowed.length === 0 && !isUsual(url)) throw refused(USUAL);
    if (isIP(hostOf(url)) !== 0) this.admit(url, hostOf(url));
    return url;
  }

  /** @throws OutboundError unless `url` may be asked at an IP address */
  private admit(url: URL, address: string): void {
    if (isAllowed(this.config.allowed, address, portOf(url))) return;
    if (!isUsual(url)) throw refused(USUAL);
    if (!isPublic(address)) throw refused(PRIVATE);
  }

  /** The socket asks it for the addresses that it then connects to. */
  private lookupFor(url: URL): LookupFunction {
    return (host, _options, done) => {
      const found = this.names.addressesOf(host).then((addresses) => {
        if (addresses.length === 0)
          throw new OutboundError('unresolved', 'has a name that DNS does not know');
        for (const { address } of addresses) this.admit(url, address);
        return [...addresses];
      });
      found.then(
        (addresses) => done(null, addresses),
        (error: Error) => done(error, []),
      );
    };
  }

  private exchange(url: URL, request: OutboundRequest, signal: AbortSignal): Promise<OutboundAnswer> {
    const { method = 'POST', headers, body, maxBytes = MAX_BYTES } = request;
    const options = {
      method,
      headers: { 'accept-encoding': 'identity', ...headers },
      signal,
      // A connection of its own: one that is kept was judged for another request.
      agent: false,
      autoSelectFamily: true,
      lookup: this.lookupFor(url),
      maxHeaderSize: MAX_HEADER_BYTES,
      rejectUnauthorized: true,
    } as const;
    const { promise, resolve, reject } = Promise.withResolvers<OutboundAnswer>();
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    const send = url.protocol === 'https:' ? requestByHttps : requestByHttp;
    send(url, options, (answer) => {
      read(answer, maxBytes).then(resolve, reject);
    })
      .on('error', reject)
      // Without a listener Node ends the connection and says nothing.
      .on('upgrade', (_answer, socket) => {
        socket.destroy();
        reject(new Error('another protocol'));
      })
      .end(body);
    return promise;
  }
}

function isUsual(url: URL): boolean {
  return url.protocol === 'https:' && portOf(url) === 443;
}

/** Leaves the rest of a longer body unread, and ends the connection. */
async function read(answer: IncomingMessage, maxBytes: number): Promise<OutboundAnswer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxBytes) break;
  }
  const body = Buffer.concat(chunks).subarray(0, maxBytes);
  return { status: answer.statusCode ?? 0, headers: answer.headers, body, isCut: bytes > maxBytes };
}
