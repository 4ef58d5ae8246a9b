import { type IncomingMessage, request as requestByHttp } from 'node:http';
import { request as requestByHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { Injectable } from '@nestjs/common';
import { MAX_WEB_URL, WEB_URL_CHARACTERS } from '../validation/web-url.js';
import { isAllowed, isPublic } from './addresses.js';
import { Names } from './names.js';
import { OutboundConfig } from './outbound.config.js';

/** A request to a URL. */
export interface OutboundRequest {
  /** POST by default. */
  readonly method?: 'GET' | 'POST' | 'PUT';
  /** The product's credentials are refused, because whoever chose the URL could read them. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** For everything from resolving the name to the last byte of the response; ten seconds by default. */
  readonly timeoutMs?: number;
  /** How much of the response body is read; 64 KiB by default. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
}

/** The response. Redirects are responses like any other. */
export interface OutboundAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  /** Whether the body was longer than what was read. */
  readonly isCut: boolean;
}

/**
 * Why there was no response: the address is not allowed, its name is not in DNS, no secure connection was possible, it
 * took too long, or the caller gave up.
 */
export type OutboundReason = 'refused' | 'unresolved' | 'unreachable' | 'timeout' | 'cancelled';

/** There was no response. The message is for whoever chose the URL, and reveals nothing about this network. */
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

/** The port of a URL; `URL` leaves out the default port of a scheme. */
function portOf({ port, protocol }: URL): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

/** The host, without brackets around IPv6 addresses. */
function hostOf({ hostname }: URL): string {
  return hostname.replaceAll(/^\[|\]$/g, '');
}

/**
 * The only way to send requests to URLs that users choose, such as those of webhooks, which could name a service in the
 * operator's own network (SSRF). The IP address is checked when the socket connects, whatever the name resolved to
 * before.
 */
@Injectable()
export class Outbound {
  constructor(
    private readonly config: OutboundConfig,
    private readonly names: Names,
  ) {}

  /**
   * Checks a URL that a user enters; a name by what it currently resolves to, if anything.
   * @returns the URL as it will be requested
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
   * Sends a request. Redirects are not followed, and responses are not decompressed.
   * @throws OutboundError if there is no response
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

  /** Checks what can be checked without DNS. */
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

  /** @throws OutboundError unless `url` may be requested from an IP address */
  private admit(url: URL, address: string): void {
    if (isAllowed(this.config.allowed, address, portOf(url))) return;
    if (!isUsual(url)) throw refused(USUAL);
    if (!isPublic(address)) throw refused(PRIVATE);
  }

  /** Called by the socket for the addresses that it then connects to. */
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
      // A new connection: a kept-alive one was checked for another request.
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
      // Without a listener Node closes the connection without an error.
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

/** Reads the body up to the limit. The rest is left unread, and the connection closed. */
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
