import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsDate, IsDefined, IsOptional, IsString } from 'class-validator';
import { Name, Nullable, RecordId } from '../../platform/validation/fields.js';
import { IsJson } from '../../platform/validation/is-json.js';
import type { Passkey } from './passkey.schema.js';

const credential = {
  description: 'The credential from the browser, as `credential.toJSON()` returns it.',
  example: { id: 'Zm9v', rawId: 'Zm9v', type: 'public-key', response: {}, clientExtensionResults: {} },
};

export class PasskeyOptionsDto {
  @ApiProperty({
    description:
      'For `navigator.credentials`, by `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`. Valid for one use within 5 minutes.',
    example: { challenge: 'Zm9v', rpId: 'app.example.com', userVerification: 'required' },
  })
  @IsJson()
  publicKey!: object;
}

export class AddPasskeyDto {
  @ApiProperty({ description: 'A name to recognise it by; `Passkey` by default.', example: 'Phone' })
  @IsOptional()
  @Name(100)
  name?: string | null;

  @ApiProperty(credential)
  @IsDefined()
  @IsJson()
  credential!: unknown;
}

export class ShowPasskeyDto {
  @ApiProperty(credential)
  @IsDefined()
  @IsJson()
  credential!: unknown;
}

/** A passkey in responses. */
export class PasskeyDto {
  @ApiProperty({ example: '66f1a0c2e4b0a1b2c3d4e5fc' })
  @RecordId()
  id!: string;

  @ApiProperty({ example: 'Phone' })
  @IsString()
  name!: string;

  @ApiProperty({ description: 'Whether it is on several devices of the user.', example: true })
  @IsBoolean()
  backedUp!: boolean;

  @ApiProperty({ example: '2026-11-22T10:00:00.000Z' })
  @IsDate()
  createdAt!: Date;

  @ApiProperty({ description: 'null before it has signed in.', example: null })
  @Nullable()
  @IsDate()
  lastUsedAt!: Date | null;

  static from({ _id, name, backedUp, createdAt, lastUsedAt = null }: Passkey): PasskeyDto {
    return { id: _id.toHexString(), name, backedUp, createdAt, lastUsedAt };
  }
}
