import { Global, Module } from '@nestjs/common';
import { FieldCipher } from './field-cipher.js';
import { RecordCiphers } from './record-cipher.js';

/** Fields that are encrypted before they reach the database: `@Prop({ type: String, encrypted: true })`. */
@Global()
@Module({ providers: [FieldCipher, RecordCiphers], exports: [FieldCipher, RecordCiphers] })
export class EncryptionModule {}
