import { ApiProperty } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { Otp } from '../second-factor/otp.dto.js';
import { ClaimedPassword } from '../../platform/validation/passwords.js';

export class StepUpDto {
  @ApiProperty({ description: 'Needed without a second factor.', example: 'correct horse battery' })
  @IsOptional()
  @ClaimedPassword()
  password?: string | null;

  @ApiProperty({
    description: 'Needed where the second factor is on: a code, or a recovery code.',
    example: '492039',
  })
  @IsOptional()
  @Otp()
  otp?: string | null;
}
