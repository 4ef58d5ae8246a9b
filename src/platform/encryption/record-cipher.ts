import { Injectable } from '@nestjs/common';
import type { Schema } from 'mongoose';
import { encryptedFieldsOf, type RecordCipher as Cipher } from '../database/field-encryption.js';
import { mentioned } from './encrypted-fields.js';
import { FieldCipher } from './field-cipher.js';

type Fields = Readonly<Record<string, unknown>>;

/** Encrypts and decrypts the fields of one collection that are declared as encrypted. */
export class RecordCipher implements Cipher {
  constructor(
    private readonly collection: string,
    readonly fields: ReadonlySet<string>,
    private readonly cipher: FieldCipher,
  ) {}

  seal(recordId: string, written: Fields): Record<string, unknown> {
    const sealed = { ...written };
    for (const field of this.fields) {
      const value = sealed[field];
      if (value === undefined || value === null) continue;
      if (typeof value !== 'string') throw new TypeError(`The encrypted field ${field} takes texts only`);
      sealed[field] = this.cipher.encrypt(value, this.placeOf(recordId, field));
    }
    return sealed;
  }

  open<R extends { readonly _id: unknown }>(record: R): R {
    const values = record as Record<string, unknown>;
    for (const field of this.fields) {
      const value = values[field];
      // Absent fields have nothing to decrypt.
      if (value === undefined || value === null) continue;
      values[field] = this.cipher.decrypt(value, this.placeOf(String(record._id), field));
    }
    return record;
  }

  refuse(conditions: unknown): void {
    const found = mentioned(this.fields, conditions);
    if (found !== undefined)
      throw new Error(`Nothing can look for ${found}: it may reach an encrypted field`);
  }

  private placeOf(recordId: string, field: string): { collection: string; recordId: string; field: string } {
    return { collection: this.collection, recordId, field };
  }
}

/** Makes the ciphers of collections: `ciphers.of('users', UserSchema)`. */
@Injectable()
export class RecordCiphers {
  constructor(private readonly cipher: FieldCipher) {}

  /** Undefined where nothing is encrypted, so that nothing is spent on it. */
  of(collection: string, schema: Schema): RecordCipher | undefined {
    const fields = encryptedFieldsOf(schema);
    return fields.size === 0 ? undefined : this.on(collection, fields);
  }

  /** @param fields that are encrypted; the set may grow */
  on(collection: string, fields: ReadonlySet<string>): RecordCipher {
    return new RecordCipher(collection, fields, this.cipher);
  }
}
