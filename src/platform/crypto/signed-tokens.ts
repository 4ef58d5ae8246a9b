import { timingSafeEqual } from 'node:crypto';
import type { KeyedMac } from './keyed-mac.js';

/** How a kind of token is built. */
interface Layout {
  /** Bytes of the content; any number by default. */
  readonly contentBytes?: number;
  /** Bytes of the MAC that follows it. */
  readonly macBytes: number;
  readonly prefix?: string;
}

/**
 * Tokens that only the server can make: a prefix, then content and a MAC over it as base64url. Each token has exactly
 * one spelling: unused bits at the end of the base64url must be zero.
 */
export class SignedTokens {
  private readonly form: RegExp;

  constructor(
    private readonly mac: KeyedMac,
    private readonly layout: Layout,
  ) {
    const bytes = layout.contentBytes === undefined ? undefined : layout.contentBytes + layout.macBytes;
    const characters = bytes === undefined ? '+' : `{${Math.ceil((bytes * 4) / 3)}}`;
    this.form = new RegExp(`^${RegExp.escape(layout.prefix ?? '')}[\\w-]${characters}$`);
  }

  /** @param binding what else the MAC covers: the token is valid only with the same binding */
  sign(content: Buffer, binding = ''): string {
    const token = Buffer.concat([content, this.macOf(content, binding)]);
    return (this.layout.prefix ?? '') + token.toString('base64url');
  }

  /** The content of a token; undefined unless the server signed it with this binding. */
  open(token: string, binding = ''): Buffer | undefined {
    if (!this.form.test(token)) return undefined;
    const text = token.slice(this.layout.prefix?.length ?? 0);
    const bytes = Buffer.from(text, 'base64url');
    const { macBytes } = this.layout;
    if (bytes.length < macBytes || bytes.toString('base64url') !== text) return undefined;
    const content = bytes.subarray(0, -macBytes);
    const isOurs = timingSafeEqual(bytes.subarray(-macBytes), this.macOf(content, binding));
    return isOurs ? content : undefined;
  }

  private macOf(content: Buffer, binding: string): Buffer {
    return this.mac.bytes(content, binding).subarray(0, this.layout.macBytes);
  }
}
