import { ApiProperty } from '@nestjs/swagger';
import { IsOptional } from 'class-validator';
import { ClaimedPassword } from '../../platform/validation/passwords.js';

export class StepUpDto {
  @ApiProperty({ description: 'Required without a second factor.', example: 'correct horse battery' })
  @IsOptional()
  @ClaimedPassword()
  password?: string | null;

  /** Where a module asks for it, which adds the field's rules. */
  otp?: string | null;
}
