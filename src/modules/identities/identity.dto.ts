import { ApiProperty } from '@nestjs/swagger';
import { IsDate, IsString } from 'class-validator';
import { RecordId } from '../../platform/validation/fields.js';
import type { Identity } from './identity.schema.js';

/** An identity in responses. */
export class IdentityDto {
  @ApiProperty({ example: '66f1a0c2e4b0a1b2c3d4e5fb' })
  @RecordId()
  id!: string;

  @ApiProperty({ description: 'The issuer.', example: 'https://project.supabase.co/auth/v1' })
  @IsString()
  issuer!: string;

  @ApiProperty({
    description: 'The subject: the id at the issuer.',
    example: '8d7c9ac0-5ab9-4d0c-a7e2-1f0b6a0d3c11',
  })
  @IsString()
  subject!: string;

  @ApiProperty({ example: '2026-11-22T10:00:00.000Z' })
  @IsDate()
  createdAt!: Date;

  static from({ _id, issuer, subject, createdAt }: Identity): IdentityDto {
    return { id: _id.toHexString(), issuer, subject, createdAt };
  }
}
