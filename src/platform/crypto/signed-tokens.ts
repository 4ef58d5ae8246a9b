import { timingSafeEqual } from 'node:crypto';
import type { KeyedMac } from './keyed-mac.js';

/** How a kind of token is built. */
interface Layout {
  /** Bytes of content, and of the MAC behind it: together a multiple of three. */
  readonly contentBytes: number;
  readonly macBytes: number;
  readonly prefix?: string;
}

/**
 * Tokens that only the server can make: a prefix, then content of a fixed length and a MAC over it as base64url.
 * A multiple of three bytes leaves no spare bits in base64url, so each token has exactly one spelling.
 */
export class SignedTokens {
  private readonly form: RegExp;

  constructor(
    private readonly mac: KeyedMac,
    private readonly layout: Layout,
  ) {
    const characters = ((layout.contentBytes + layout.macBytes) / 3) * 4;
    this.form = new RegExp(`^${RegExp.escape(layout.prefix ?? '')}[\\w-]{${characters}}$`);
  }

  /** @param binding what else the MAC covers: the token is valid together with the same binding only */
  sign(content: Buffer, binding = ''): string {
    const token = Buffer.concat([content, this.macOf(content, binding)]);
    return (this.layout.prefix ?? '') + token.toString('base64url');
  }

  /** The content of a token; undefined unless the server signed it with this binding. */
  open(token: string, binding = ''): Buffer | undefined {
    if (!this.form.test(token)) return undefined;
    const bytes = Buffer.from(token.slice(this.layout.prefix?.length ?? 0), 'base64url');
    const content = bytes.subarray(0, this.layout.contentBytes);
    const isOurs = timingSafeEqual(bytes.subarray(content.length), this.macOf(content, binding));
    return isOurs ? content : undefined;
  }

  private macOf(content: Buffer, binding: string): Buffer {
    return this.mac.bytes(content, binding).subarray(0, this.layout.macBytes);
  }
}
