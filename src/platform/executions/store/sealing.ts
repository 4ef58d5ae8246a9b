import { Injectable } from '@nestjs/common';
import type { Types } from 'mongoose';
import { FieldEncryption, type RecordCipher } from '../../database/field-encryption.js';
import { ExecutionSchema } from '../model/execution.schema.js';

/** The encrypted parts of an execution, as JSON texts. */
export interface Sealed {
  readonly input?: string;
  readonly result?: string;
  readonly results: Readonly<Record<string, string>>;
}

/** Encrypts inputs and results in the same way as encrypted fields of records. */
@Injectable()
export class Sealing {
  private readonly cipher: RecordCipher;

  constructor(encryption: FieldEncryption) {
    const cipher = encryption.of('executions', ExecutionSchema);
    if (!cipher) throw new Error('The schema of executions encrypts nothing');
    this.cipher = cipher;
  }

  seal(id: Types.ObjectId, sealed: Sealed): string {
    const written = this.cipher.seal(id.toHexString(), { sealed: JSON.stringify(sealed) });
    return String(written['sealed']);
  }

  open(_id: Types.ObjectId, sealed: string | undefined): Sealed {
    if (sealed === undefined) return { results: {} };
    return JSON.parse(this.cipher.open({ _id, sealed }).sealed) as Sealed;
  }
}
