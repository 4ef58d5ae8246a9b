import { Global, Injectable, Module } from '@nestjs/common';
import type { Connection, Schema } from 'mongoose';
import { FieldEncryption, type RecordCipher } from '../database/field-encryption.js';
import { encryptModels } from './encrypted-models.js';
import { FieldCipher } from './field-cipher.js';
import { RecordCiphers } from './record-cipher.js';

@Injectable()
class Encryption implements FieldEncryption {
  constructor(private readonly ciphers: RecordCiphers) {}

  of(collection: string, schema: Schema): RecordCipher | undefined {
    return this.ciphers.of(collection, schema);
  }

  guard(connection: Connection): Connection {
    return encryptModels(connection, this.ciphers);
  }
}

/** Fields that are encrypted before they reach the database: `@Prop({ type: String, encrypted: true })`. */
@Global()
@Module({
  providers: [FieldCipher, RecordCiphers, { provide: FieldEncryption, useClass: Encryption }],
  exports: [FieldCipher, FieldEncryption],
})
export class EncryptionModule {}
