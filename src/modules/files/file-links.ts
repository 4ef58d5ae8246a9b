import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { type Owner, ownerIn, type Scope, type UserId, userOf } from '../../platform/access/caller.js';
import { CryptoConfig } from '../../platform/crypto/crypto.config.js';
import { KeyedMac } from '../../platform/crypto/keyed-mac.js';
import { SignedTokens } from '../../platform/crypto/signed-tokens.js';
import { ApiError, apiError } from '../../platform/errors/errors.js';
import { HttpConfig } from '../../platform/http/http.config.js';
import { publicOriginOf } from '../../platform/http/public-origin.js';
import { FileRights, keyOf } from './file-rights.js';
import { files } from './file.schema.js';

/** How often the rights behind a link are checked again while it is used: they end within two seconds. */
const JUDGED_EVERY_MS = 1_000;
const ID_BYTES = 12;
const TIME_BYTES = 4;
/** Stands for no API key. */
const NONE = '0'.repeat(2 * ID_BYTES);
/** The file, the link's creator, the owner of the file, the API key used to create the link, and its expiry. */
const LAYOUT = { contentBytes: 4 * ID_BYTES + TIME_BYTES, macBytes: 17 };

/** The purposes of links, and the rights that their creator must have when one is used. */
const KINDS = {
  shared: { purpose: 'file link', least: 'viewer', permission: files.may.read },
  upload: { purpose: 'file upload', least: 'member', permission: files.may.write },
} as const;
type Kind = keyof typeof KINDS;

/** A link to the bytes of a file, for use without a token. */
export interface FileLink {
  readonly url: string;
  readonly expiresAt: Date;
}

/**
 * Signed links to one file. Nothing is stored: a link contains the file and its owner, the link's creator and API key,
 * and its expiry. When it is used, the creator must still have the right to read or write the file with that key.
 */
@Injectable()
export class FileLinks {
  private readonly tokens: Readonly<Record<Kind, SignedTokens>>;
  private readonly origin: string;

  constructor(
    private readonly rights: FileRights,
    http: HttpConfig,
    crypto: CryptoConfig,
  ) {
    const tokensFor = (kind: Kind) => new SignedTokens(new KeyedMac(crypto, KINDS[kind].purpose), LAYOUT);
    this.tokens = { shared: tokensFor('shared'), upload: tokensFor('upload') };
    this.origin = publicOriginOf(http);
  }

  /** @param seconds its expiry, in seconds since 1970 */
  make(scope: Scope, fileId: string, seconds: number, kind: Kind = 'shared'): FileLink {
    const maker = userOf(scope);
    if (maker === undefined) throw new Error('A link is made by somebody');
    const content = Buffer.alloc(LAYOUT.contentBytes);
    content.write(fileId, 'hex');
    content.write(maker, ID_BYTES, 'hex');
    content.write(ownerIn(scope), 2 * ID_BYTES, 'hex');
    content.write(keyOf(scope) ?? NONE, 3 * ID_BYTES, 'hex');
    content.writeUInt32BE(seconds, 4 * ID_BYTES);
    return {
      url: `${this.origin}/api/v1/files/${fileId}/${kind}?token=${this.tokens[kind].sign(content)}`,
      expiresAt: new Date(seconds * 1000),
    };
  }

  /**
   * Checks a link, and goes on checking its creator: what it has opened ends when the creator loses access. A link that
   * expires meanwhile ends nothing.
   * @param opened the response of a download, or the request of an upload
   * @throws ApiError FILE_NOT_FOUND if it is forged, expired or for another file, or its creator or key no longer exists
   */
  async open(
    fileId: string,
    token: string,
    opened: IncomingMessage | ServerResponse,
    kind: Kind = 'shared',
  ): Promise<Scope> {
    const content = this.tokens[kind].open(token);
    const isRight =
      content !== undefined &&
      content.toString('hex', 0, ID_BYTES) === fileId.toLowerCase() &&
      content.readUInt32BE(4 * ID_BYTES) * 1000 > Date.now();
    if (!isRight) throw apiError(files.notFound);
    // The MAC is valid, so the id is that of a user.
    const idAt = (place: number) => content.toString('hex', place * ID_BYTES, (place + 1) * ID_BYTES);
    const maker = idAt(1) as UserId;
    const owner: Owner = { kind: idAt(2) === maker ? 'user' : 'organization', id: idAt(2) };
    const apiKey = idAt(3) === NONE ? undefined : idAt(3);
    const scopeNow = () => this.rights.scopeNow(maker, owner, { ...KINDS[kind], apiKey });
    try {
      const scope = await scopeNow();
      whileAllowed(scopeNow, opened);
      return scope;
    } catch (error) {
      throw isRefusal(error) ? apiError(files.notFound) : error;
    }
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof ApiError && error.status < 500;
}

/** Ends what is under way once a check refuses it. */
function whileAllowed(check: () => Promise<unknown>, opened: IncomingMessage | ServerResponse): void {
  const look = () => void check().catch((error: unknown) => isRefusal(error) && opened.destroy());
  const timer = setInterval(look, JUDGED_EVERY_MS).unref();
  opened.once('close', () => clearInterval(timer));
}
