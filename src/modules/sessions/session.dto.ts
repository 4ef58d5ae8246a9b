import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsDate, IsString } from 'class-validator';
import { Nullable, RecordId } from '../../platform/validation/fields.js';
import type { Session } from './session.schema.js';

/** A session in responses. */
export class SessionDto {
  @ApiProperty({ example: '66f1a0c2e4b0a1b2c3d4e5f8' })
  @RecordId()
  id!: string;

  @ApiProperty({ description: 'When the user signed in.', example: '2026-11-22T10:00:00.000Z' })
  @IsDate()
  createdAt!: Date;

  @ApiProperty({
    description: 'When the user signed in, or the session was refreshed last.',
    example: '2026-11-22T10:00:00.000Z',
  })
  @IsDate()
  lastUsedAt!: Date;

  @ApiProperty({ description: 'User-Agent of the last sign-in or refresh.', example: 'curl/8.9.1' })
  @Nullable()
  @IsString()
  userAgent!: string | null;

  @ApiProperty({ description: 'IP address of the last sign-in or refresh.', example: '203.0.113.7' })
  @IsString()
  address!: string;

  @ApiProperty({ description: 'Whether it is the session of this request.', example: true })
  @IsBoolean()
  current!: boolean;

  static from(session: Session, current: string | undefined): SessionDto {
    const { _id, createdAt, lastUsedAt, userAgent = null, address } = session;
    const id = _id.toHexString();
    return { id, createdAt, lastUsedAt, userAgent, address, current: id === current };
  }
}
