import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { EncryptionConfig } from './encryption.config.js';
import { apiError } from '../errors/errors.js';

/** Where a value stands. It decrypts nowhere else. */
export interface Place {
  readonly collection: string;
  readonly recordId: string;
  readonly field: string;
}

/** Why a value does not decrypt. */
export interface CipherFault {
  readonly reason: 'not encrypted' | 'unknown key' | 'changed or moved';
  /** Of the key that the value names. */
  readonly keyId?: string;
}

const ALGORITHM = 'aes-256-gcm';
/** Random, and so good for 2³² values of a key (NIST SP 800-38D, 8.3). */
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEAD = /^enc:v1:([\w-]{1,32}):/;
/** Of an empty text: IV and tag. */
const MIN_CHARACTERS = 38;

/**
 * Encrypts texts for the database with AES-256-GCM. A value is `enc:v1:<key id>:<base64url of IV, ciphertext, tag>`;
 * form, key id and place are authenticated with it. The first key of ENCRYPTION_KEY encrypts, all decrypt.
 */
@Injectable()
export class FieldCipher {
  private readonly keys: ReadonlyMap<string, KeyObject>;
  /** What values begin with that are made now. */
  readonly head: string;
  private readonly current: string;

  constructor(
    { encryptionKeys }: EncryptionConfig,
    private readonly logger: PinoLogger,
  ) {
    const [first] = encryptionKeys;
    if (!first) throw new Error('There is no ENCRYPTION_KEY to encrypt with');
    this.current = first.id;
    this.head = `enc:v1:${first.id}:`;
    this.keys = new Map(encryptionKeys.map(({ id, key }) => [id, createSecretKey(key)]));
  }

  encrypt(text: string, place: Place): string {
    // Half a surrogate pair has no UTF-8: another text would come back.
    if (!text.isWellFormed()) throw new TypeError(`The text for ${place.field} is not well-formed Unicode`);
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.keyOf(this.current), iv, { authTagLength: TAG_BYTES });
    cipher.setAAD(contextOf(this.current, place));
    const parts = [iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()];
    return `${this.head}${Buffer.concat(parts).toString('base64url')}`;
  }

  /** @throws ApiError INTERNAL_ERROR for a value that was made with an unknown key, changed, moved, or not encrypted */
  decrypt(value: unknown, place: Place): string {
    const text = this.read(value, place);
    if (typeof text === 'string') return text;
    this.logger.error({ event: 'decryption_failed', ...text, ...place });
    throw apiError('INTERNAL_ERROR', { cause: new Error(`A value of ${place.field} does not decrypt`) });
  }

  /** The same text under the key that encrypts now. */
  renew(value: unknown, place: Place): string | CipherFault {
    const text = this.read(value, place);
    return typeof text === 'string' ? this.encrypt(text, place) : text;
  }

  private read(value: unknown, place: Place): string | CipherFault {
    const form = typeof value === 'string' ? value : '';
    // Of the head alone: a pattern for all of it would exceed the stack with some megabytes.
    const [head = '', keyId] = HEAD.exec(form) ?? [];
    const encoded = form.slice(head.length);
    const bytes = Buffer.from(encoded, 'base64url');
    // One spelling for each value: the last character may have bits that stand for nothing.
    if (keyId === undefined || encoded.length < MIN_CHARACTERS || bytes.toString('base64url') !== encoded)
      return { reason: 'not encrypted' };
    if (!this.keys.has(keyId)) return { reason: 'unknown key', keyId };
    const decipher = createDecipheriv(ALGORITHM, this.keyOf(keyId), bytes.subarray(0, IV_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(contextOf(keyId, place));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    try {
      const text = decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES));
      return Buffer.concat([text, decipher.final()]).toString('utf8');
    } catch {
      return { reason: 'changed or moved', keyId };
    }
  }

  private keyOf(id: string): KeyObject {
    const key = this.keys.get(id);
    if (!key) throw new Error('There is no such key');
    return key;
  }
}

/** What is authenticated beside the text. A list in JSON has one reading, whatever the names hold. */
function contextOf(keyId: string, { collection, recordId, field }: Place): Buffer {
  return Buffer.from(JSON.stringify(['enc:v1', keyId, collection, recordId, field]));
}
